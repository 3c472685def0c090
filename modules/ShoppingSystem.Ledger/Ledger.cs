using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using ShoppingSystem.Purchases;

namespace ShoppingSystem.Ledger;

/// <summary>
/// Recording: the internal service. Needs an <see cref="IPurchaseFeed"/>, an <see cref="IPurchaseStore"/> and
/// <see cref="IDeadLetters"/> in the container.
/// </summary>
public static class LedgerModule
{
    /// <summary>Adds the recorder and the services behind the endpoints.</summary>
    public static IHostApplicationBuilder AddLedger(this IHostApplicationBuilder builder)
    {
        builder.Services.ConfigureHttpJsonOptions(json =>
        {
            PurchaseJson.MakeReadable(json.SerializerOptions);
            json.SerializerOptions.TypeInfoResolverChain.Insert(0, LedgerJson.Default);
            json.SerializerOptions.TypeInfoResolverChain.Insert(0, PurchaseJson.Default);
        });
        builder.AddApiKey();
        builder.Services.AddSingleton<StoreGuard>();
        builder.Services.AddSingleton<GuardedStore>();
        builder.Services.AddSingleton<GuardedDeadLetters>();
        builder.Services.TryAddSingleton<Signals>();
        builder.Services.AddSingleton<RecorderStatistics>();
        builder.Services.AddSingleton<StatisticsReader>();
        builder.Services.AddSingleton<RecorderState>();
        builder.Services.AddHostedService<FeedGauges>();
        builder.Services.AddHostedService<Recorder>();
        builder.Services.AddHealthChecks().AddCheck<RecorderHealth>("recorder");
        return builder;
    }

    /// <summary>
    /// Maps history, summary, statistics and dead letters, all behind the API key where one is configured, and the operations
    /// page, which asks its user for the key.
    /// </summary>
    public static WebApplication MapLedger(this WebApplication app)
    {
        app.UseApiKey();
        app.MapHistoryProbe();
        var api = app.MapGroup("/api").DescribeApiKey(app);
        api.MapStatistics();
        var record = api.MapGroup("").AnswerStoreFailures();
        record.MapHistory();
        record.MapDeadLetters();
        app.UsePage();
        return app;
    }
}
