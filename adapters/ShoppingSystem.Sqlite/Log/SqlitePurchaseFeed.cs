using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using Microsoft.Data.Sqlite;
using ShoppingSystem.Purchases;

namespace ShoppingSystem.Sqlite;

/// <summary>Reads the log's groups in order, from the saved position on. One partition, number 0.</summary>
internal sealed class SqlitePurchaseFeed(SqlitePurchaseLog log, RecordDatabase record, PurchaseLogOptions options, FileGuard guard) : IPurchaseFeed
{
    private const string Topic = "purchases";
    private const int Partition = 0;

    // Of each batch that is handed out and not committed: the offset after it, and when its first event was appended. Not the batch itself: a
    // ConcurrentQueue that is looked into keeps what was dequeued.
    private readonly ConcurrentQueue<(long Next, DateTimeOffset AppendedAt)> _inHand = new();

    public IReadOnlyList<PartitionLag> Lag
    {
        get
        {
            // In this order, so that the committed offset is never beyond the end.
            var committed = log.Committed;
            var oldest = _inHand.FirstOrDefault(batch => batch.Next > committed);
            return [new(Partition, log.End - committed, oldest.Next > 0 ? oldest.AppendedAt : null)];
        }
    }

    /// <summary>The health check examines the files and reports their problems.</summary>
    public string? Problem => null;

    /// <summary>Nothing is trimmed from the log before it is committed.</summary>
    public FeedLoss? Loss => null;

    public IReadOnlyList<KeyValuePair<string, object?>> SpanTags => log.SpanTags;

    public async IAsyncEnumerable<FeedBatch> ReadAsync([EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        var next = log.Committed;
        _inHand.Clear();
        while (true)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var appended = log.AppendedAsync();
            if (next >= log.End || guard.Fault is not null)
            {
                await appended.WaitAsync(cancellationToken);
                continue;
            }

            Batch batch;
            try
            {
                batch = Read(next);
            }
            catch (Exception e) when (e is SqliteException or StorageException && !guard.Look())
            {
                // What was read is not from the log; nothing is appended to this file any more, so this waits until a restart.
                continue;
            }

            next = batch.Next;
            record.HandOut(next);
            _inHand.Enqueue((next, batch.Events[0].AppendedAt));
            yield return batch;
        }
    }

    private Batch Read(long from)
    {
        var events = new List<FeedEvent>();
        using var connection = log.File.OpenForReading();
        using var command = connection.Command(
            "SELECT first, count, appended_at, events, traces FROM groups WHERE first >= $from ORDER BY first", ("$from", from));
        using var groups = command.ExecuteReader();
        var next = from;
        while (groups.Read() && (events.Count == 0 || events.Count + groups.GetInt32(1) <= options.BatchSize))
        {
            var first = groups.GetInt64(0);
            Split(first, Microseconds.FromUnixMicroseconds(groups.GetInt64(2)), groups.GetFieldValue<byte[]>(3),
                groups.IsDBNull(4) ? null : groups.GetString(4).Split('\n'), events);
            next = first + groups.GetInt32(1);
        }

        return events.Count > 0
            ? new Batch(this, events, next)
            : throw new StorageException($"{log.File.Path} lacks the events from offset {from} on, which it confirmed.");
    }

    private static void Split(long first, DateTimeOffset appendedAt, ReadOnlyMemory<byte> lines, string[]? traces, List<FeedEvent> events)
    {
        for (var i = 0; !lines.IsEmpty; i++)
        {
            var length = lines.Span.IndexOf((byte)'\n');
            var trace = traces?[i] is { Length: > 0 } some ? some : null;
            events.Add(new FeedEvent(Topic, Partition, first + i, appendedAt, lines[..length], trace));
            lines = lines[(length + 1)..];
        }
    }

    private async ValueTask CommitAsync(long next, CancellationToken cancellationToken)
    {
        await record.ReachAsync(next, cancellationToken);
        log.Commit(next);
        while (_inHand.TryPeek(out var first) && first.Next <= next && _inHand.TryDequeue(out _))
        {
        }
    }

    private sealed class Batch(SqlitePurchaseFeed feed, List<FeedEvent> events, long next) : FeedBatch
    {
        public long Next => next;

        public override IReadOnlyList<FeedEvent> Events => events;

        public override ValueTask CommitAsync(CancellationToken cancellationToken = default) => feed.CommitAsync(next, cancellationToken);
    }
}
