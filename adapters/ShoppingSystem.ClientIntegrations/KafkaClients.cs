using Confluent.Kafka;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;

// The names, shapes and configuration keys of Aspire.Confluent.Kafka, as far as the hosts use it: their Program.cs is the same with
// either.
namespace Microsoft.Extensions.Hosting;

/// <summary>How a Kafka client is registered. It has no health checks, traces and metrics of its own that could be switched off.</summary>
/// <typeparam name="TConfig">The client's configuration.</typeparam>
public abstract class KafkaClientIntegrationSettings<TConfig> where TConfig : ClientConfig, new()
{
    /// <summary>The client's configuration. The connection string becomes its <c>bootstrap.servers</c>.</summary>
    public TConfig Config { get; } = new();

    /// <summary>Changes nothing here.</summary>
    public bool DisableHealthChecks { get; set; }

    /// <summary>Changes nothing here.</summary>
    public bool DisableTracing { get; set; }

    /// <summary>Changes nothing here.</summary>
    public bool DisableMetrics { get; set; }
}

/// <summary>How a producer is registered.</summary>
public sealed class KafkaProducerSettings : KafkaClientIntegrationSettings<ProducerConfig>;

/// <summary>How a consumer is registered.</summary>
public sealed class KafkaConsumerSettings : KafkaClientIntegrationSettings<ConsumerConfig>;

/// <summary>Registers Kafka clients where Aspire.Confluent.Kafka can't be restored. Where their own lines go is said by who configures the builder.</summary>
public static class KafkaClients
{
    private const string ProducerSection = "Aspire:Confluent:Kafka:Producer";
    private const string ConsumerSection = "Aspire:Confluent:Kafka:Consumer";

    /// <summary>Registers an <see cref="IProducer{TKey, TValue}"/> for the brokers of <c>ConnectionStrings:NAME</c>.</summary>
    public static void AddKafkaProducer<TKey, TValue>(
        this IHostApplicationBuilder builder, string connectionName,
        Action<KafkaProducerSettings> configureSettings, Action<IServiceProvider, ProducerBuilder<TKey, TValue>> configureBuilder)
    {
        var config = builder.Configure<KafkaProducerSettings, ProducerConfig>(ProducerSection, connectionName, configureSettings);
        builder.Services.AddSingleton(services =>
        {
            var producer = new ProducerBuilder<TKey, TValue>(config);
            configureBuilder(services, producer);
            return producer.Build();
        });
    }

    /// <summary>Registers an <see cref="IConsumer{TKey, TValue}"/> for the brokers of <c>ConnectionStrings:NAME</c>.</summary>
    public static void AddKafkaConsumer<TKey, TValue>(
        this IHostApplicationBuilder builder, string connectionName,
        Action<KafkaConsumerSettings> configureSettings, Action<IServiceProvider, ConsumerBuilder<TKey, TValue>> configureBuilder)
    {
        var config = builder.Configure<KafkaConsumerSettings, ConsumerConfig>(ConsumerSection, connectionName, configureSettings);
        builder.Services.AddSingleton(services =>
        {
            var consumer = new ConsumerBuilder<TKey, TValue>(config);
            configureBuilder(services, consumer);
            return consumer.Build();
        });
    }

    // What is configured for all clients, then what is for the one of this name, then what the host says.
    private static TConfig Configure<TSettings, TConfig>(
        this IHostApplicationBuilder builder, string section, string connectionName, Action<TSettings> configure)
        where TSettings : KafkaClientIntegrationSettings<TConfig>, new()
        where TConfig : ClientConfig, new()
    {
        var settings = new TSettings();
        builder.Configuration.GetSection(section).Bind(settings);
        builder.Configuration.GetSection(section).GetSection(connectionName).Bind(settings);
        configure(settings);
        if (builder.Configuration.GetConnectionString(connectionName) is { } brokers)
        {
            settings.Config.BootstrapServers = brokers;
        }

        return settings.Config;
    }
}
