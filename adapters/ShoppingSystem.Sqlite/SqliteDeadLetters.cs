using Microsoft.Data.Sqlite;
using ShoppingSystem.Purchases;

namespace ShoppingSystem.Sqlite;

/// <summary>Dead letters in <c>purchases.db</c>.</summary>
internal sealed class SqliteDeadLetters(RecordDatabase database) : IDeadLetters
{
    private const string Columns = "id, reason, failed_at, topic, partition, position, appended_at, value, trace";

    public async ValueTask<int> AddAsync(IReadOnlyList<DeadLetter> letters, CancellationToken cancellationToken = default) =>
        await database.WriteAsync(connection => letters.Sum(letter => Insert(connection, letter)), cancellationToken);

    public ValueTask<IReadOnlyList<DeadLetter>> ListAsync(int limit, CancellationToken cancellationToken = default) =>
        ValueTask.FromResult(database.Read<IReadOnlyList<DeadLetter>>(connection =>
        {
            using var command = connection.Command(
                $"SELECT {Columns} FROM dead_letters ORDER BY failed_at DESC, id DESC LIMIT $limit", ("$limit", limit));
            return ReadAll(command);
        }));

    public ValueTask<DeadLetter?> FindAsync(Guid id, CancellationToken cancellationToken = default) =>
        ValueTask.FromResult(database.Read(connection =>
        {
            using var command = connection.Command(
                $"SELECT {Columns} FROM dead_letters WHERE id = $id", ("$id", id.ToByteArray(bigEndian: true)));
            return ReadAll(command).SingleOrDefault();
        }));

    public async ValueTask<bool> RemoveAsync(Guid id, CancellationToken cancellationToken = default) =>
        await database.WriteAsync(
            connection =>
            {
                using var command = connection.Command("DELETE FROM dead_letters WHERE id = $id", ("$id", id.ToByteArray(bigEndian: true)));
                return command.ExecuteNonQuery() == 1;
            },
            cancellationToken);

    public ValueTask<long> CountAsync(CancellationToken cancellationToken = default) =>
        ValueTask.FromResult(database.Read(connection => (long)connection.Scalar("SELECT count(*) FROM dead_letters")!));

    private static int Insert(SqliteConnection connection, DeadLetter letter)
    {
        using var command = connection.Command(
            $"INSERT INTO dead_letters ({Columns}) VALUES ($id, $reason, $failed, $topic, $partition, $position, $appended, $value, $trace) ON CONFLICT DO NOTHING",
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
