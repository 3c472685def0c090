using Microsoft.Data.Sqlite;
using ShoppingSystem.Purchases;

namespace ShoppingSystem.Sqlite;

/// <summary>The record of purchases in <c>purchases.db</c>.</summary>
internal sealed class SqlitePurchaseStore(RecordDatabase database) : IPurchaseStore
{
    private const int PriceDecimals = PurchaseRules.MaxPriceDecimals;
    private const decimal UnitsPerOne = 10_000m;

    // Sums are taken in two parts of this many units, because one could exceed 64 bits.
    private const long SumPart = 1_000_000_000;

    private const string Columns = "id, userid, username, price, decimals, item, timestamp";

    private static readonly Query Recording = new("INSERT", "purchases", """
        INSERT INTO purchases (id, userid, timestamp, username, price, decimals, item)
        VALUES ($id, $userid, $timestamp, $username, $price, $decimals, $item) ON CONFLICT DO NOTHING
        """);

    // Part of recording: reads what was not inserted, in the same transaction.
    private const string ById = $"SELECT {Columns} FROM purchases WHERE id = $id";

    private static readonly Query History = new("SELECT", "purchases", $"""
        SELECT {Columns} FROM purchases
        WHERE userid = $userid AND (timestamp, id) < ($timestamp, $id)
        ORDER BY timestamp DESC, id DESC LIMIT $limit
        """);

    private static readonly Query Summary = new("SELECT", "purchases", """
        SELECT count(*), coalesce(sum(price / $part), 0), coalesce(sum(price % $part), 0), coalesce(max(decimals), 0),
               min(timestamp), max(timestamp)
        FROM purchases WHERE userid = $userid
        """);

    private static readonly Query Count = new("SELECT", "totals", "SELECT purchases FROM totals");

    public async ValueTask<RecordResult> RecordAsync(IReadOnlyList<Purchase> purchases, CancellationToken cancellationToken = default) =>
        await database.WriteAsync(Recording, purchases.Count, connection => Record(connection, purchases), cancellationToken);

    public ValueTask<PurchasePage> ReadHistoryAsync(
        string userId, int limit, PageCursor? before = null, CancellationToken cancellationToken = default) =>
        ValueTask.FromResult(database.Read(History, connection =>
        {
            using var command = connection.Command(
                History.Text,
                ("$userid", userId),
                ("$timestamp", before?.Timestamp.ToUnixMicroseconds() ?? long.MaxValue),
                ("$id", (before?.Id ?? Guid.Empty).ToByteArray(bigEndian: true)),
                ("$limit", limit + 1));
            using var rows = command.ExecuteReader();
            var purchases = new List<Purchase>(limit);
            while (rows.Read())
            {
                if (purchases.Count == limit)
                {
                    return new PurchasePage(purchases, PageCursor.After(purchases[^1]));
                }

                purchases.Add(ToPurchase(rows));
            }

            return new PurchasePage(purchases, null);
        }, cancellationToken));

    public ValueTask<PurchaseSummary> SummarizeAsync(string userId, CancellationToken cancellationToken = default) =>
        ValueTask.FromResult(database.Read(Summary, connection =>
        {
            using var command = connection.Command(Summary.Text, ("$userid", userId), ("$part", SumPart));
            using var row = command.ExecuteReader();
            row.Read();
            var units = (decimal)row.GetInt64(1) * SumPart + row.GetInt64(2);
            return new PurchaseSummary(userId, row.GetInt64(0), ToPrice(units, row.GetByte(3)), Time(4), Time(5));

            DateTimeOffset? Time(int column) => row.IsDBNull(column) ? null : Microseconds.FromUnixMicroseconds(row.GetInt64(column));
        }, cancellationToken));

    public ValueTask<long> CountAsync(CancellationToken cancellationToken = default) =>
        ValueTask.FromResult(database.Read(Count, connection => (long)connection.Scalar(Count.Text)!, cancellationToken));

    private static RecordResult Record(SqliteConnection connection, IReadOnlyList<Purchase> purchases)
    {
        var known = Insert(connection, purchases);
        var recorded = purchases.Count - known.Count;
        using var count = connection.Command("UPDATE totals SET purchases = purchases + $recorded", ("$recorded", recorded));
        count.ExecuteNonQuery();
        var refused = Conflicts(connection, purchases, known);
        return new RecordResult(recorded, known.Count - refused.Count, refused);
    }

    /// <summary>Inserts the purchases whose id is not recorded; returns the positions of the others.</summary>
    private static List<int> Insert(SqliteConnection connection, IReadOnlyList<Purchase> purchases)
    {
        using var insert = connection.Command(
            Recording.Text,
            ("$id", null), ("$userid", null), ("$timestamp", null), ("$username", null), ("$price", null), ("$decimals", null), ("$item", null));
        var values = insert.Parameters;
        List<int> known = [];
        for (var i = 0; i < purchases.Count; i++)
        {
            var purchase = purchases[i];
            values[0].Value = purchase.Id.ToByteArray(bigEndian: true);
            values[1].Value = purchase.UserId;
            values[2].Value = purchase.Timestamp.ToUnixMicroseconds();
            values[3].Value = purchase.Username;
            values[4].Value = (long)(purchase.Price * UnitsPerOne);
            values[5].Value = (long)purchase.Price.Scale;
            values[6].Value = (object?)purchase.Item ?? DBNull.Value;
            if (insert.ExecuteNonQuery() == 0)
            {
                known.Add(i);
            }
        }

        return known;
    }

    private static List<RefusedPurchase> Conflicts(SqliteConnection connection, IReadOnlyList<Purchase> purchases, List<int> known)
    {
        List<RefusedPurchase> conflicts = [];
        using var lookup = connection.Command(ById, ("$id", null));
        foreach (var i in known)
        {
            lookup.Parameters[0].Value = purchases[i].Id.ToByteArray(bigEndian: true);
            using var row = lookup.ExecuteReader();
            row.Read();
            if (purchases[i].ConflictWith(ToPurchase(row)) is { } conflict)
            {
                conflicts.Add(new RefusedPurchase(i, conflict));
            }
        }

        return conflicts;
    }

    private static Purchase ToPurchase(SqliteDataReader row) => new(
        new Guid(row.GetFieldValue<byte[]>(0), bigEndian: true), row.GetString(1), row.GetString(2),
        ToPrice(row.GetInt64(3), row.GetByte(4)), row.IsDBNull(5) ? null : row.GetString(5),
        Microseconds.FromUnixMicroseconds(row.GetInt64(6)));

    private static decimal ToPrice(decimal units, byte decimals)
    {
        for (var i = PriceDecimals; i > decimals; i--)
        {
            units /= 10;
        }

        var bits = decimal.GetBits(decimal.Truncate(units));
        return new decimal(bits[0], bits[1], bits[2], false, decimals);
    }
}
