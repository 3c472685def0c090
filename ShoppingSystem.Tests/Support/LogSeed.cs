using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging.Abstractions;
using ShoppingSystem.Purchases;
using ShoppingSystem.Sqlite;

namespace ShoppingSystem.Tests.Support;

/// <summary>
/// Puts raw events into the log of a data directory that nobody uses, as an older version or another producer could have:
/// the way to have events there that can't be understood. A line break can't be part of one.
/// </summary>
internal static class LogSeed
{
    /// <param name="directory">The data directory.</param>
    /// <param name="events">Events, in one group.</param>
    /// <param name="traces">The traceparents of who appended them; none when null.</param>
    public static async Task WriteAsync(string directory, IReadOnlyList<byte[]> events, IReadOnlyList<string>? traces = null)
    {
        await using (EmbeddedStorage.Open(directory, new PurchaseLogOptions(), NullLoggerFactory.Instance))
        {
            // Makes the files.
        }

        await using var connection = new SqliteConnection($"Data Source={Path.Combine(directory, "log.db")};Pooling=false");
        await connection.OpenAsync();
        await using var command = connection.CreateCommand();
        command.CommandText =
            """
            INSERT INTO groups (first, count, appended_at, events, traces)
            SELECT max(next, (SELECT coalesce(max(first + count), 0) FROM groups)), $count, $at, $events, $traces FROM position
            """;
        command.Parameters.AddWithValue("$count", events.Count);
        command.Parameters.AddWithValue("$at", AppendedAt.ToUnixMicroseconds());
        command.Parameters.AddWithValue("$events", events.SelectMany(value => (byte[])[.. value, (byte)'\n']).ToArray());
        command.Parameters.AddWithValue("$traces", traces is null ? DBNull.Value : string.Concat(traces.Select(trace => trace + "\n")));
        await command.ExecuteNonQueryAsync();
    }

    /// <summary>When the events were appended, as the log says.</summary>
    public static readonly DateTimeOffset AppendedAt = new(2024, 1, 19, 11, 20, 1, TimeSpan.Zero);
}
