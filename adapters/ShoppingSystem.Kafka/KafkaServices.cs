using Microsoft.Extensions.DependencyInjection;
using ShoppingSystem.Purchases;

namespace ShoppingSystem.Kafka;

/// <summary>Puts Kafka under the ports of the log.</summary>
public static class KafkaServices
{
    /// <summary>
    /// Adds <see cref="IPurchaseLog"/> and the health check <c>kafka</c>. Needs an <c>IProducer&lt;string, byte[]&gt;</c> in
    /// the container, configured and built with <see cref="KafkaClientSettings"/>.
    /// </summary>
    public static IServiceCollection AddKafkaPurchaseLog(this IServiceCollection services)
    {
        services.AddKafkaTopic();
        services.AddSingleton<ProducerErrors>();
        services.AddSingleton<KafkaPurchaseLog>();
        services.AddSingleton<IPurchaseLog>(provider => new ObservedPurchaseLog(provider.GetRequiredService<KafkaPurchaseLog>()));
        services.AddHostedService(provider => provider.GetRequiredService<KafkaPurchaseLog>());
        return services;
    }

    /// <summary>
    /// Adds <see cref="IPurchaseFeed"/> and the health check <c>kafka</c>. Needs an <c>IConsumer&lt;string, byte[]&gt;</c> in
    /// the container, configured and built with <see cref="KafkaClientSettings"/>. That one is closed at once: the feed reads
    /// with consumers of its own, built like it.
    /// </summary>
    public static IServiceCollection AddKafkaPurchaseFeed(this IServiceCollection services)
    {
        services.AddKafkaTopic();
        services.AddSingleton<Rebalances>();
        services.AddSingleton<IPurchaseFeed, KafkaPurchaseFeed>();
        return services;
    }

    private static void AddKafkaTopic(this IServiceCollection services)
    {
        if (services.Any(service => service.ServiceType == typeof(KafkaTopic)))
        {
            return;
        }

        services.AddOptions<PurchaseLogOptions>().Configure(log => log.AppendDeadline = KafkaOptions.LogDefaults.AppendDeadline).BindConfiguration(PurchaseLogOptions.Section).ValidateDataAnnotations().ValidateOnStart();
        services.AddOptions<KafkaOptions>().BindConfiguration(PurchaseLogOptions.Section).ValidateDataAnnotations().ValidateOnStart();
        services.AddSingleton<ClientTroubles>();
        services.AddSingleton<KafkaTopic>();
        services.AddSingleton<AppendState>();
        services.AddHealthChecks().AddCheck<KafkaHealth>("kafka");
    }
}
