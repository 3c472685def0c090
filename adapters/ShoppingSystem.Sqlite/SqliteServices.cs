using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;
using ShoppingSystem.Purchases;

namespace ShoppingSystem.Sqlite;

/// <summary>Registers an <see cref="EmbeddedStorage"/> for the ports. The caller still has to dispose of the storage.</summary>
public static class SqliteServices
{
    /// <summary>For the storefront: the log to append to.</summary>
    public static IHostApplicationBuilder AddSqlitePurchaseLog(this IHostApplicationBuilder builder, EmbeddedStorage storage)
    {
        builder.Services.TryAddSingleton<Signals>();
        builder.Services.AddSingleton<IPurchaseLog>(provider => new ObservedPurchaseLog(storage.Log, provider.GetRequiredService<Signals>()));
        builder.Services.AddHealthChecks().AddCheck("log", () => storage.Log.Failure is { } reason
            ? HealthCheckResult.Unhealthy(reason)
            : HealthCheckResult.Healthy());
        return builder;
    }

    /// <summary>For the ledger: the feed, the record and the dead letters.</summary>
    public static IHostApplicationBuilder AddSqliteRecord(this IHostApplicationBuilder builder, EmbeddedStorage storage)
    {
        builder.Services.AddSingleton<IPurchaseFeed>(storage.Feed);
        builder.Services.AddSingleton<IPurchaseStore>(new SqlitePurchaseStore(storage.Record));
        builder.Services.AddSingleton<IDeadLetters>(new SqliteDeadLetters(storage.Record));
        builder.Services.AddHealthChecks().AddCheck("store", () =>
        {
            if (storage.Record.Fault is { } fault)
            {
                return HealthCheckResult.Unhealthy(fault);
            }

            storage.Record.Probe();
            return storage.Record.Checked switch
            {
                { IsCompleted: false } => HealthCheckResult.Degraded("the record is being checked for damage; purchases are recorded after that"),
                { Exception.InnerException: { } damage } => HealthCheckResult.Unhealthy(damage.Message),
                _ => HealthCheckResult.Healthy(),
            };
        });
        return builder;
    }
}
