using System.Buffers;
using System.Diagnostics;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging;
using ShoppingSystem.Purchases;

namespace ShoppingSystem.Sqlite;

/// <summary>
/// The log as one SQLite table with a row per group commit. Appends that arrive while a group is being synced to disk form
/// the next one, so that all of them share the cost of one sync. A row holds its events as lines of JSON:
/// <c>sqlite3 log.db 'select * from groups'</c> shows what is waiting to be recorded.
/// </summary>
internal sealed partial class SqlitePurchaseLog : IPurchaseLog, IAsyncDisposable
{
    /// <summary>Appends are refused when more than this many bytes wait for the disk.</summary>
    private const int MaxWaitingBytes = 64 * 1024 * 1024;

    // A buffer that has grown larger is not worth keeping.
    private const int LargestBufferToKeep = 1024 * 1024;

    /// <summary>How often recorded events are trimmed while purchases come in.</summary>
    private static readonly TimeSpan TrimInterval = TimeSpan.FromMilliseconds(250);

    /// <summary>How long the writer waits for purchases before it maintains the file: trims, shrinks, retries a failed disk.</summary>
    private static readonly TimeSpan IdleInterval = TimeSpan.FromMilliseconds(500);

    private readonly PurchaseLogOptions _options;
    private readonly ILogger _logger;
    private readonly FileGuard _guard;
    private readonly Lock _gate = new();
    private readonly Queue<AppendGroup> _waiting = new();
    private readonly AutoResetEvent _work = new(false);
    private readonly Timer _deadlines;
    private readonly Thread _writer;
    private HeldDatabase? _held;
    private AppendGroup? _filling;
    private AppendGroup? _writing;
    private ArrayBufferWriter<byte>? _spareBuffer;
    private long _waitingBytes;
    private bool _started;
    private bool _stopping;
    private long _end;
    private long _committed;
    private long _trimmed;
    private volatile string? _failure;
    private TaskCompletionSource _appended = NewSignal();

    public SqlitePurchaseLog(string path, PurchaseLogOptions options, FileGuard guard, ILogger logger)
    {
        File = LogSchema.FileAt(path);
        _options = options;
        _guard = guard;
        _logger = logger;
        _writer = new Thread(WriteAll) { Name = "purchase log", IsBackground = true };
        _deadlines = new Timer(_ => RefuseLate());
    }

    public DatabaseFile File { get; }

    /// <summary>The log's id and position when it was opened.</summary>
    public LogPosition Opened { get; private set; } = null!;

    /// <summary>The offset that the next event gets.</summary>
    public long End => Volatile.Read(ref _end);

    /// <summary>The offset of the first event that is not recorded yet.</summary>
    public long Committed => Volatile.Read(ref _committed);

    /// <summary>Why nothing can be appended at the moment; null when it can.</summary>
    public string? Failure => _guard.Fault ?? _failure;

    /// <summary>Opens the file and starts writing.</summary>
    /// <exception cref="StorageException">The file can't be used.</exception>
    public void Start()
    {
        File.Prepare();
        File.Check();
        _held = _guard.Hold(File);
        using (var connection = File.OpenForWriting())
        {
            Opened = LogSchema.PositionOf(connection);
            (_committed, _trimmed, _end) = (Opened.Committed, Opened.Committed, Opened.End);
        }

        _writer.Start();
        _started = true;
        var interval = _options.AppendDeadline / 10;
        _deadlines.Change(interval, interval);
    }

    public IReadOnlyList<KeyValuePair<string, object?>> SpanTags { get; } =
        [new("messaging.system", "sqlite"), new("messaging.destination.name", "purchases")];

    public ValueTask AppendAsync(Purchase purchase, CancellationToken cancellationToken = default) =>
        new(Enqueue(purchase).WaitAsync(cancellationToken));

    /// <summary>Completes when something has been appended after the call.</summary>
    public Task AppendedAsync() => Volatile.Read(ref _appended).Task;

    /// <summary>Everything before <paramref name="offset"/> is recorded: one of the next writes trims it.</summary>
    public void Commit(long offset) => Volatile.Write(ref _committed, offset);

    /// <summary>Makes all appends durable; later appends are refused.</summary>
    public async ValueTask DisposeAsync()
    {
        lock (_gate)
        {
            if (_stopping)
            {
                return;
            }

            _stopping = true;
        }

        _work.Set();
        if (_started)
        {
            await Task.Run(_writer.Join);
        }

        await _deadlines.DisposeAsync();
        _guard.Close(_held);
        _work.Dispose();
    }

    /// <returns>A task that completes when the purchase is durable.</returns>
    private Task Enqueue(Purchase purchase)
    {
        lock (_gate)
        {
            if (_stopping)
            {
                throw new PurchaseLogUnavailableException("The log is shutting down.");
            }

            if (_guard.Fault is { } fault)
            {
                throw new PurchaseLogUnavailableException(fault);
            }

            if (_waitingBytes > MaxWaitingBytes)
            {
                throw new PurchaseLogUnavailableException("Too many purchases are waiting for the disk.");
            }

            if (_filling is null || _filling.Count >= _options.BatchSize)
            {
                _waiting.Enqueue(_filling = new AppendGroup(Interlocked.Exchange(ref _spareBuffer, null) ?? new()));
            }

            if (_filling.Count == 0)
            {
                _work.Set();
            }

            _waitingBytes += _filling.Add(purchase, Activity.Current is { Recorded: true } trace ? trace.Id : null);
            return _filling.Durable;
        }
    }

    private void WriteAll()
    {
        LogConnection? connection = null;
        var lastTrim = Stopwatch.GetTimestamp();
        while (true)
        {
            var group = Next();
            if (group is null)
            {
                if (_stopping)
                {
                    break;
                }

                if (_work.WaitOne(IdleInterval))
                {
                    continue;
                }
            }

            var committed = Committed;
            var trim = committed > _trimmed && (group is null || Stopwatch.GetElapsedTime(lastTrim) > TrimInterval);

            // A file that is opened again must be the one that was open before; when no append waits, there is time to check, too.
            if (!(connection is null || (group is null && trim) ? _guard.Look() : group is null ? _guard.IsSound() : _guard.Fault is null))
            {
                Refuse(group);
                continue;
            }

            if (group is null && !trim && _failure is null)
            {
                continue;
            }

            try
            {
                connection ??= Open();
                connection.Write(group, _end, trim || group is null ? committed : null);
                if (!_guard.IsSound())
                {
                    Refuse(group);
                    continue;
                }

                if (trim)
                {
                    _trimmed = committed;
                    lastTrim = Stopwatch.GetTimestamp();
                }

                // Before the waiting appends complete: their callers' next purchases need the buffer.
                if (group?.Events is { Capacity: <= LargestBufferToKeep } buffer)
                {
                    buffer.ResetWrittenCount();
                    Volatile.Write(ref _spareBuffer, buffer);
                }

                Succeeded(group);
            }
            catch (SqliteException e)
            {
                connection?.Dispose();
                connection = null;
                if (_guard.Look())
                {
                    Failed(group, e);
                }
                else
                {
                    Refuse(group);
                }
            }
        }

        Close(connection);
    }

    // A failed commit may still be in the file: the disk accepted it and failed to sync it. Then it is part of the log, and the next
    // events follow it: if they took its offsets, the feed, which may have read it already, would not read them.
    private LogConnection Open()
    {
        var connection = new LogConnection(File, _held!);
        try
        {
            if (connection.End() is var end && end > _end)
            {
                LogFound(end - _end);
                Volatile.Write(ref _end, end);
                Interlocked.Exchange(ref _appended, NewSignal()).SetResult();
            }

            return connection;
        }
        catch
        {
            connection.Dispose();
            throw;
        }
    }

    private AppendGroup? Next()
    {
        lock (_gate)
        {
            if (!_waiting.TryDequeue(out _writing))
            {
                return null;
            }

            if (_waiting.Count == 0)
            {
                _filling = null;
            }

            _waitingBytes -= _writing.Events.WrittenCount;
            return _writing;
        }
    }

    private void Succeeded(AppendGroup? group)
    {
        if (_failure is not null)
        {
            _failure = null;
            LogRecovered();
        }

        if (group is not null)
        {
            Volatile.Write(ref _end, _end + group.Count);
            group.Complete();
            Interlocked.Exchange(ref _appended, NewSignal()).SetResult();
        }
    }

    private void Failed(AppendGroup? group, SqliteException e)
    {
        if (_failure is null)
        {
            LogFailed(e, File.Path);
        }

        _failure = e.Message;
        group?.Fail(new PurchaseLogUnavailableException($"{File.Path} can't be written: {e.Message}", e));
    }

    private void Refuse(AppendGroup? group) => group?.Fail(new PurchaseLogUnavailableException(_guard.Fault!));

    // A disk that hangs must not make customers wait for ever.
    private void RefuseLate()
    {
        AppendGroup[] late;
        lock (_gate)
        {
            late = [.. _waiting.Prepend(_writing).OfType<AppendGroup>().Where(group => group.Age > _options.AppendDeadline)];
        }

        foreach (var group in late)
        {
            group.Fail(new PurchaseLogUnavailableException($"{File.Path} did not confirm within {_options.AppendDeadline}."));
        }
    }

    private void Close(LogConnection? connection)
    {
        try
        {
            if (Committed > _trimmed && _guard.Look())
            {
                connection ??= new LogConnection(File, _held!);
                connection.Write(null, _end, Committed);
            }
        }
        catch (SqliteException e)
        {
            LogFailed(e, File.Path);
        }

        connection?.Dispose();
    }

    private static TaskCompletionSource NewSignal() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    [LoggerMessage(LogLevel.Error, "{Path} can't be written; purchases are refused until it can")]
    private partial void LogFailed(Exception e, string path);

    [LoggerMessage(LogLevel.Warning, "{Events} events whose write was not confirmed are in the log nevertheless, and will be recorded")]
    private partial void LogFound(long events);

    [LoggerMessage(LogLevel.Information, "The log can be written again")]
    private partial void LogRecovered();
}
