using Confluent.Kafka;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;
using OpenTelemetry.Metrics;
using ShoppingSystem.Purchases;

namespace ShoppingSystem.Kafka;

/// <summary>Registers the Kafka adapters of the log's ports.</summary>
public static class KafkaServices
{
    /// <summary>Adds <see cref="IPurchaseLog"/> and the health check <c>kafka</c>, for the brokers of <c>ConnectionStrings:kafka</c>.</summary>
    /// <exception cref="OptionsValidationException">The connection settings can't be right; the message names the key.</exception>
    public static void AddKafkaPurchaseLog(this IHostApplicationBuilder builder)
    {
        builder.AddKafkaProducer<string, byte[]>(
            KafkaConnection.Name,
            kafka =>
            {
                // Health: the integration's check would produce to a topic of its own at each check; the adapter's check asks for metadata.
                // Traces: the integration's spans would duplicate those of the adapter, to which the recorder's spans link.
                // Metrics: the integration's join those that the host exports; where it exports none, they would start to be collected.
                kafka.DisableHealthChecks = kafka.DisableTracing = true;
                kafka.DisableMetrics |= !builder.Services.Any(service => service.ServiceType == typeof(MeterProvider));
                kafka.Config.ForPurchases(builder.Configuration);
            },
            (services, producer) => producer.ForPurchases(services));
        builder.Services.AddKafkaTopic();
        builder.Services.AddSingleton<KafkaPurchaseLog>();
        builder.Services.AddSingleton<IPurchaseLog>(provider =>
            new ObservedPurchaseLog(provider.GetRequiredService<KafkaPurchaseLog>(), provider.GetRequiredService<Signals>()));
        builder.Services.AddHostedService(provider => provider.GetRequiredService<KafkaPurchaseLog>());
    }

    /// <summary>Adds <see cref="IPurchaseFeed"/> and the health check <c>kafka</c>, for the brokers of <c>ConnectionStrings:kafka</c>.</summary>
    /// <remarks>Without Aspire's integration, which registers one consumer: the feed needs one for each reading.</remarks>
    /// <exception cref="OptionsValidationException">The connection settings can't be right; the message names the key.</exception>
    public static void AddKafkaPurchaseFeed(this IHostApplicationBuilder builder)
    {
        var config = new ConsumerConfig().ForPurchases(builder.Configuration);
        builder.Services.AddKafkaTopic();
        builder.Services.TryAddSingleton(provider => new KafkaConsumers(config, provider.GetRequiredService<ClientErrors>()));
        builder.Services.AddSingleton<IPurchaseFeed, KafkaPurchaseFeed>();
    }

    private static void AddKafkaTopic(this IServiceCollection services)
    {
        if (services.Any(service => service.ServiceType == typeof(KafkaAdmin)))
        {
            return;
        }

        services.AddOptions<PurchaseLogOptions>().Configure(log => log.AppendDeadline = KafkaOptions.LogDefaults.AppendDeadline)
            .BindConfiguration(PurchaseLogOptions.Section).ValidateDataAnnotations().ValidateOnStart();
        services.AddOptions<KafkaOptions>().BindConfiguration(PurchaseLogOptions.Section).ValidateDataAnnotations().ValidateOnStart();
        services.TryAddSingleton<Signals>();
        services.AddSingleton<ClientErrors>();
        services.AddSingleton<KafkaAdmin>();
        services.AddSingleton<TopicObserver>();
        services.AddSingleton<AuthorizedOperations>();
        services.AddSingleton<TopicCreation>();
        services.AddSingleton<TopicWatch>();
        services.AddSingleton<AppendRefusals>();
        services.AddSingleton<AppendCircuitBreaker>();
        services.AddHealthChecks().AddCheck<KafkaHealth>("kafka");
    }
}
