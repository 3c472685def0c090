using Microsoft.Data.Sqlite;
using ShoppingSystem.Purchases;

namespace ShoppingSystem.Sqlite;

/// <summary>Dead letters in <c>purchases.db</c>.</summary>
internal sealed class SqliteDeadLetters(RecordDatabase database) : IDeadLetters
{
    private const string Table = "dead_letters";
    private const string Columns = "id, reason, failed_at, topic, partition, position, appended_at, value, trace";

    private static readonly Query Adding = new("INSERT", Table,
        $"INSERT INTO {Table} ({Columns}) VALUES ($id, $reason, $failed, $topic, $partition, $position, $appended, $value, $trace) ON CONFLICT DO NOTHING");

    private static readonly Query Page = new("SELECT", Table, $"""
        SELECT {Columns} FROM {Table} WHERE (failed_at, id) < ($failed, $id) ORDER BY failed_at DESC, id DESC LIMIT $limit
        """);

    private static readonly Query One = new("SELECT", Table, $"SELECT {Columns} FROM {Table} WHERE id = $id");
    private static readonly Query Removal = new("DELETE", Table, $"DELETE FROM {Table} WHERE id = $id");
    private static readonly Query Count = new("SELECT", Table, $"SELECT count(*) FROM {Table}");

    public async ValueTask<int> AddAsync(IReadOnlyList<DeadLetter> letters, CancellationToken cancellationToken = default) =>
        await database.WriteAsync(Adding, letters.Count, connection => letters.Sum(letter => Insert(connection, letter)), cancellationToken);

    public ValueTask<DeadLetterPage> ListAsync(int limit, PageCursor? before = null, CancellationToken cancellationToken = default) =>
        ValueTask.FromResult(database.Read(Page, connection =>
        {
            using var command = connection.Command(
                Page.Text,
                ("$failed", before?.Timestamp.ToUnixMicroseconds() ?? long.MaxValue),
                ("$id", (before?.Id ?? Guid.Empty).ToByteArray(bigEndian: true)),
                ("$limit", limit + 1));
            var letters = ReadAll(command);
            return letters.Count > limit ? new DeadLetterPage(letters[..limit], PageCursor.After(letters[limit - 1])) : new DeadLetterPage(letters, null);
        }, cancellationToken));

    public ValueTask<DeadLetter?> FindAsync(Guid id, CancellationToken cancellationToken = default) =>
        ValueTask.FromResult(database.Read(One, connection =>
        {
            using var command = connection.Command(One.Text, ("$id", id.ToByteArray(bigEndian: true)));
            return ReadAll(command).SingleOrDefault();
        }, cancellationToken));

    public async ValueTask<bool> RemoveAsync(Guid id, CancellationToken cancellationToken = default) =>
        await database.WriteAsync(
            Removal,
            1,
            connection =>
            {
                using var command = connection.Command(Removal.Text, ("$id", id.ToByteArray(bigEndian: true)));
                return command.ExecuteNonQuery() == 1;
            },
            cancellationToken);

    public ValueTask<long> CountAsync(CancellationToken cancellationToken = default) =>
        ValueTask.FromResult(database.Read(Count, connection => (long)connection.Scalar(Count.Text)!, cancellationToken));

    private static int Insert(SqliteConnection connection, DeadLetter letter)
    {
        using var command = connection.Command(
            Adding.Text,
            ("$id", letter.Id.ToByteArray(bigEndian: true)),
            ("$reason", letter.Reason),
            ("$failed", letter.FailedAt.ToUnixMicroseconds()),
            ("$topic", letter.Event.Topic),
            ("$partition", letter.Event.Partition),
            ("$position", letter.Event.Offset),
            ("$appended", letter.Event.AppendedAt.ToUnixMicroseconds()),
            ("$value", letter.Event.Value.ToArray()),
            ("$trace", letter.Event.TraceParent));
        return command.ExecuteNonQuery();
    }

    private static List<DeadLetter> ReadAll(SqliteCommand command)
    {
        using var rows = command.ExecuteReader();
        var letters = new List<DeadLetter>();
        while (rows.Read())
        {
            letters.Add(new DeadLetter(
                new Guid(rows.GetFieldValue<byte[]>(0), bigEndian: true),
                rows.GetString(1),
                Microseconds.FromUnixMicroseconds(rows.GetInt64(2)),
                new FeedEvent(
                    rows.GetString(3), rows.GetInt32(4), rows.GetInt64(5), Microseconds.FromUnixMicroseconds(rows.GetInt64(6)),
                    rows.GetFieldValue<byte[]>(7), rows.IsDBNull(8) ? null : rows.GetString(8))));
        }

        return letters;
    }
}
