using System.Data.Common;
using System.Globalization;

namespace Peers;

/// <summary>Records a purchase, once: Wolverine may handle it again after a crash.</summary>
public static class PurchaseHandler
{
    /// <summary>Called by Wolverine for each purchase.</summary>
    public static Task HandleAsync(Purchase purchase, DbDataSource rows, CancellationToken cancellationToken) => rows.InsertAsync([purchase], cancellationToken);
}

/// <summary>Records purchases, each once.</summary>
public static class BatchHandler
{
    /// <summary>Called by Wolverine for each batch.</summary>
    public static Task HandleAsync(Purchase[] purchases, DbDataSource rows, CancellationToken cancellationToken) => rows.InsertAsync(purchases, cancellationToken);
}

internal static class Rows
{
    public static Task InsertAsync(this DbDataSource rows, Purchase[] purchases, CancellationToken cancellationToken) => rows.ExecuteAsync(
        $"INSERT INTO purchases (id, userid, username, price, item, timestamp) VALUES {string.Join(", ", purchases.Select((_, i) => $"(@a{i}, @b{i}, @c{i}, @d{i}, @e{i}, @f{i})"))} ON CONFLICT (id) DO NOTHING",
        cancellationToken,
        [.. purchases.SelectMany((purchase, i) => new (string, object?)[]
        {
            ($"a{i}", purchase.Id), ($"b{i}", purchase.Userid), ($"c{i}", purchase.Username), ($"d{i}", purchase.Price), ($"e{i}", purchase.Item), ($"f{i}", purchase.Timestamp),
        })]);

    public static async Task ExecuteAsync(this DbDataSource rows, string sql, CancellationToken cancellationToken = default, params (string Name, object? Value)[] values)
    {
        await using var command = rows.CreateCommand(sql);
        foreach (var (name, value) in values)
        {
            var parameter = command.CreateParameter();
            (parameter.ParameterName, parameter.Value) = (name, value ?? DBNull.Value);
            command.Parameters.Add(parameter);
        }

        await command.ExecuteNonQueryAsync(cancellationToken);
    }

    public static async Task<long> CountAsync(this DbDataSource rows)
    {
        await using var command = rows.CreateCommand("SELECT count(*) FROM purchases");
        return Convert.ToInt64(await command.ExecuteScalarAsync(), CultureInfo.InvariantCulture);
    }
}
