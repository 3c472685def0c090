using Confluent.Kafka;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;

// The part of Aspire.Confluent.Kafka that is used here, for builds that can't restore it (WithoutAspireIntegrations): same names, shapes
// and configuration keys, so that the code that uses it is the same with either.
namespace Microsoft.Extensions.Hosting;

/// <summary>How a producer is registered. Unlike Aspire's, it has no health check, traces and metrics to switch off.</summary>
internal sealed class KafkaProducerSettings
{
    /// <summary>The client's configuration. The connection string becomes its <c>bootstrap.servers</c>.</summary>
    public ProducerConfig Config { get; } = new();

    /// <summary>Changes nothing here.</summary>
    public bool DisableHealthChecks { get; set; }

    /// <summary>Changes nothing here.</summary>
    public bool DisableTracing { get; set; }

    /// <summary>Changes nothing here.</summary>
    public bool DisableMetrics { get; set; }
}

internal static class AspireConfluentKafka
{
    private const string Section = "Aspire:Confluent:Kafka:Producer";

    /// <summary>Registers an <see cref="IProducer{TKey, TValue}"/> for the brokers of <c>ConnectionStrings:NAME</c>.</summary>
    public static void AddKafkaProducer<TKey, TValue>(
        this IHostApplicationBuilder builder, string connectionName,
        Action<KafkaProducerSettings> configureSettings, Action<IServiceProvider, ProducerBuilder<TKey, TValue>> configureBuilder)
    {
        // First the settings for all producers, then those for this name, then those of the adapter.
        var settings = new KafkaProducerSettings();
        builder.Configuration.GetSection(Section).Bind(settings);
        builder.Configuration.GetSection(Section).GetSection(connectionName).Bind(settings);
        configureSettings(settings);
        if (builder.Configuration.GetConnectionString(connectionName) is { } brokers)
        {
            settings.Config.BootstrapServers = brokers;
        }

        builder.Services.AddSingleton(services =>
        {
            var producer = new ProducerBuilder<TKey, TValue>(settings.Config);
            configureBuilder(services, producer);
            return producer.Build();
        });
    }
}
