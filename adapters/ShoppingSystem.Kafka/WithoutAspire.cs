using Confluent.Kafka;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;

// Aspire.Confluent.Kafka as far as it is used here, for where it can't be restored (WithoutAspireIntegrations): its names, shapes
// and configuration keys, so that what uses it is the same with either.
namespace Microsoft.Extensions.Hosting;

/// <summary>How a producer is registered. It has no health check, traces and metrics of its own that could be switched off.</summary>
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
        // What is configured for all producers, then what is for the one of this name, then what the adapter says.
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
