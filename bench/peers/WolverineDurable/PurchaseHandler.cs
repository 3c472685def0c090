using System.Data.Common;
using System.Globalization;

namespace Peers;

/// <summary>Records a purchase, once: Wolverine may handle it again after a crash.</summary>
public static class PurchaseHandler
{
    /// <summary>Called by Wolverine for each purchase.</summary>
    public static Task HandleAsync(Purchase purchase, DbDataSource rows, CancellationToken cancellationToken) => rows.ExecuteAsync(
        "INSERT INTO purchases (id, userid, username, price, item, timestamp) VALUES (@id, @userid, @username, @price, @item, @timestamp) ON CONFLICT (id) DO NOTHING",
        cancellationToken,
        ("id", purchase.Id), ("userid", purchase.Userid), ("username", purchase.Username), ("price", purchase.Price), ("item", purchase.Item), ("timestamp", purchase.Timestamp));
}

internal static class Rows
{
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
