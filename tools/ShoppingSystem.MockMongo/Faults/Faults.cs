namespace ShoppingSystem.MockMongo;

/// <summary>The faults that are still to occur: in single commands, and in the whole server.</summary>
internal sealed class Faults
{
    public const string AnyCommand = "*";

    private readonly Lock _lock = new();
    private readonly List<Pending> _pending = [];
    private TaskCompletionSource? _thawed;
    private TimeSpan _delay;

    /// <summary>Makes the next commands of this name and collection meet the fault.</summary>
    public void Add(string command, string? collection, Fault fault, int times)
    {
        lock (_lock)
        {
            _pending.Add(new Pending(command, collection, fault) { Times = times });
        }
    }

    public void Clear()
    {
        lock (_lock)
        {
            _pending.Clear();
        }
    }

    /// <summary>The fault that this command meets, which then has one occurrence less.</summary>
    public Fault? Take(Request request)
    {
        lock (_lock)
        {
            if (_pending.Find(pending => pending.Meets(request)) is not { } met)
            {
                return null;
            }

            if (met.Times != int.MaxValue && --met.Times == 0)
            {
                _pending.Remove(met);
            }

            return met.Fault;
        }
    }

    public void Freeze()
    {
        lock (_lock)
        {
            _thawed ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        }
    }

    public void Thaw()
    {
        lock (_lock)
        {
            _thawed?.SetResult();
            _thawed = null;
        }
    }

    /// <summary>Waits while the server is frozen.</summary>
    public async Task UntilThawedAsync(CancellationToken cancellationToken)
    {
        while (Frozen() is { } thawed)
        {
            await thawed.WaitAsync(cancellationToken);
        }
    }

    public void SlowDown(TimeSpan by)
    {
        lock (_lock)
        {
            _delay = by;
        }
    }

    public Task DelayAsync(CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            return _delay > TimeSpan.Zero ? Task.Delay(_delay, cancellationToken) : Task.CompletedTask;
        }
    }

    private Task? Frozen()
    {
        lock (_lock)
        {
            return _thawed?.Task;
        }
    }

    private sealed record Pending(string Command, string? Collection, Fault Fault)
    {
        public int Times { get; set; }

        public bool Meets(Request request) =>
            (Command == AnyCommand || Command == request.Name) && (Collection is null || Collection == request.Collection);
    }
}
