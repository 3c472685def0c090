using System.Diagnostics;

namespace ShoppingSystem.LoadTest;

/// <summary>
/// Sends one load to the server. A thread of its own starts every purchase when it is due, on the lane that became idle last, so
/// that no more connections are open than are needed. When all lanes are busy, purchases that are due wait in a queue, and the
/// lane that finishes first takes the next; its latency still counts from when it was due. A purchase that has waited for the
/// timeout of a reply counts as not sent.
/// </summary>
internal sealed class Traffic
{
    private static readonly TimeSpan LongestPause = TimeSpan.FromMilliseconds(10);
    private static readonly TimeSpan BacklogPause = TimeSpan.FromMilliseconds(1);
    private static readonly TimeSpan SweepEvery = TimeSpan.FromMilliseconds(50);

    private readonly Lock _gate = new();
    private readonly List<Lane> _lanes = [];
    private readonly Stack<Lane> _resting = [];
    private readonly Tally[] _tallies = [.. Enumerable.Range(0, Environment.ProcessorCount).Select(_ => new Tally())];
    private readonly Tally _warmUp = new();
    private readonly TaskCompletionSource _finished = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Load _load;
    private readonly TimeSpan _measuredFrom;
    private readonly long _firstNumber;
    private readonly CancellationToken _stop;
    private readonly CancellationToken _abort;

    private long _begun;
    private long _taken;
    private long _notSent;
    private long _waited;
    private int _running;
    private bool _ended;
    private TimeSpan _endedAt;

    /// <param name="plan">The settings for each purchase.</param>
    /// <param name="load">When they start; the plan's warm-up is not added.</param>
    /// <param name="measuredFrom">Purchases due earlier than this are left out of the figures.</param>
    /// <param name="requests">The requests to send.</param>
    /// <param name="receipts">Where acknowledged purchases are kept; null when they are not needed.</param>
    /// <param name="firstNumber">The number of the first purchase.</param>
    /// <param name="stop">Starts no more purchases; those under way are finished.</param>
    /// <param name="abort">Also cancels those under way.</param>
    public Traffic(
        LoadPlan plan, Load load, TimeSpan measuredFrom, BuyRequests requests, Receipts? receipts, long firstNumber,
        CancellationToken stop, CancellationToken abort)
    {
        (Plan, Requests, Receipts) = (plan, requests, receipts);
        (_load, _measuredFrom, _firstNumber, _stop, _abort) = (load, measuredFrom, firstNumber, stop, abort);
    }

    public LoadPlan Plan { get; }

    public BuyRequests Requests { get; }

    public Receipts? Receipts { get; }

    /// <summary>The time since the beginning of the load.</summary>
    public TimeSpan Now => Stopwatch.GetElapsedTime(_begun);

    /// <summary>One more than the highest number used so far.</summary>
    public long NextNumber
    {
        get
        {
            lock (_gate)
            {
                return _firstNumber + _taken;
            }
        }
    }

    // If lanes are idle or not opened yet, purchases that are due don't wait: the pacing thread is about to start them.
    private bool AllLanesAreBusy => _load is OpenLoad && _resting.Count is 0 && _lanes.Count == Plan.Lanes;

    /// <summary>Runs the load to its end.</summary>
    public Task RunAsync()
    {
        _begun = Stopwatch.GetTimestamp();
        new Thread(Pace) { IsBackground = true, Name = "pace" }.Start();
        return _finished.Task;
    }

    /// <summary>The results of the purchases so far.</summary>
    public TrafficFigures Figures()
    {
        var figures = new TrafficFigures();
        lock (_gate)
        {
            figures.Elapsed = Later((_ended ? _endedAt : Now) - _measuredFrom, TimeSpan.Zero);
            figures.NotSent = _notSent;
            figures.Waited = _waited;
            figures.InFlight = _running - _resting.Count;
            figures.Connections = _lanes.Count;
        }

        foreach (var tally in _tallies)
        {
            tally.AddTo(figures);
        }

        return figures;
    }

    /// <summary>The tally in which a lane counts the result of a purchase.</summary>
    public Tally TallyFor(int lane, Start start) => start.Due < _measuredFrom ? _warmUp : _tallies[lane % _tallies.Length];

    /// <summary>Gives a lane that has finished the next purchase as soon as it is due; false at the end of the load.</summary>
    public ValueTask<bool> NextAsync(Lane lane)
    {
        lock (_gate)
        {
            var now = Now;
            if (Due(now) is not { } due)
            {
                return ValueTask.FromResult(false);
            }

            if (due > now)
            {
                var rest = lane.Rest();
                _resting.Push(lane);
                return rest;
            }

            lane.Next = Take(due, waited: AllLanesAreBusy);
            return ValueTask.FromResult(true);
        }
    }

    /// <summary>Waits before a purchase is retried; false when it should not be.</summary>
    /// <param name="begun">When it was first tried.</param>
    /// <param name="wait">How long to wait.</param>
    public async ValueTask<bool> WaitToRetryAsync(TimeSpan begun, TimeSpan wait)
    {
        if (Plan.RetryFor is not { } limit || Now + wait - begun > limit)
        {
            return false;
        }

        await Task.Delay(wait, _stop).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        return !_stop.IsCancellationRequested;
    }

    private void Pace()
    {
        var nextSweep = SweepEvery;
        while (!_finished.Task.IsCompleted)
        {
            Pause.For(StartDue());
            if (Now is var now && now >= nextSweep)
            {
                nextSweep = now + SweepEvery;
                Expire(_abort.IsCancellationRequested ? TimeSpan.MaxValue : now - Plan.Timeout);
            }
        }
    }

    // Starts everything that is due, and returns the time until the next purchase is due.
    private TimeSpan StartDue()
    {
        while (true)
        {
            Lane lane;
            var isNew = false;
            lock (_gate)
            {
                var now = Now;
                if (Due(now) is not { } due)
                {
                    End(now);
                    return LongestPause;
                }

                if (due > now)
                {
                    return due - now < LongestPause ? due - now : LongestPause;
                }

                if (!_resting.TryPop(out lane!))
                {
                    if (_lanes.Count == Plan.Lanes)
                    {
                        return BacklogPause;
                    }

                    lane = new Lane(this, _lanes.Count);
                    isNew = true;
                    _lanes.Add(lane);
                    _running++;
                }

                lane.Next = Take(due, waited: false);
            }

            if (isNew)
            {
                _ = RunLaneAsync(lane);
            }
            else
            {
                lane.Wake(hasNext: true);
            }
        }
    }

    // When the next purchase is due, past or future; null when there are no more.
    private TimeSpan? Due(TimeSpan now)
    {
        while (!_ended && !_stop.IsCancellationRequested)
        {
            var due = _load.StartOf(_taken, now);
            if (due is null || now - due.Value <= Plan.Timeout)
            {
                return due;
            }

            NotSent(due.Value);
        }

        return null;
    }

    private Start Take(TimeSpan due, bool waited)
    {
        if (waited && due >= _measuredFrom)
        {
            _waited++;
        }

        return new(_firstNumber + _taken++, due);
    }

    private void NotSent(TimeSpan due)
    {
        _taken++;
        if (due >= _measuredFrom)
        {
            _notSent++;
        }
    }

    private void End(TimeSpan now)
    {
        if (_ended)
        {
            return;
        }

        // When the load is stopped early, purchases that waited in the queue are not sent.
        while (AllLanesAreBusy && _load.StartOf(_taken, now) is { } due && due <= now)
        {
            NotSent(due);
        }

        // The last purchase is due a little before the end.
        (_ended, _endedAt) = (true, _stop.IsCancellationRequested ? now : Later(now, _load.Duration));
        foreach (var lane in _resting)
        {
            ThreadPool.UnsafeQueueUserWorkItem(static lane => lane.Wake(hasNext: false), lane, preferLocal: false);
        }

        _resting.Clear();
        if (_running is 0)
        {
            _finished.TrySetResult();
        }
    }

    private async Task RunLaneAsync(Lane lane)
    {
        try
        {
            using (lane)
            {
                await lane.RunAsync();
            }
        }
        catch (Exception e)
        {
            _finished.TrySetException(e);
        }

        lock (_gate)
        {
            if (--_running is 0 && _ended)
            {
                _finished.TrySetResult();
            }
        }
    }

    private void Expire(TimeSpan startedBefore)
    {
        lock (_gate)
        {
            foreach (var lane in _lanes)
            {
                lane.ExpireStartedBefore(startedBefore);
            }
        }
    }

    private static TimeSpan Later(TimeSpan a, TimeSpan b) => a > b ? a : b;
}
