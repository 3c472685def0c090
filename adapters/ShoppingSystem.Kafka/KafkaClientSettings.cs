using Confluent.Kafka;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using ShoppingSystem.Purchases;

namespace ShoppingSystem.Kafka;

/// <summary>
/// The one place where Kafka clients are configured. What "nothing is lost" rests on is set, whatever was
/// configured before; everything else is a default that configuration can override. Requests that are not about purchases
/// (creating the topic, looking at it) use the connections of these clients.
/// </summary>
public static partial class KafkaClientSettings
{
    /// <summary>Configures the producer that <see cref="IPurchaseLog"/> appends with.</summary>
    /// <param name="config">The client's configuration so far, TLS and SASL included.</param>
    /// <param name="configuration">Where the sections <c>Shopping</c> and <c>Kafka</c> and <c>ConnectionStrings:kafka</c> are found.</param>
    /// <exception cref="OptionsValidationException">How to connect can't be right; the message names the key.</exception>
    public static ProducerConfig ForPurchases(this ProducerConfig config, IConfiguration configuration)
    {
        var kafka = configuration.GetSection(PurchaseLogOptions.Section).Get<KafkaOptions>() ?? new();
        var log = KafkaOptions.LogDefaults;
        configuration.GetSection(PurchaseLogOptions.Section).Bind(log);

        config.Connect(configuration);
        config.Acks = Acks.All;
        config.EnableIdempotence = true;
        config.EnableDeliveryReports = true;
        config.MessageTimeoutMs = (int)log.AppendDeadline.TotalMilliseconds;
        // The brokers need not wait for their replicas any longer than the purchase does.
        config.RequestTimeoutMs ??= config.MessageTimeoutMs;
        config.QueueBufferingMaxMessages = kafka.MaxPendingAppends;
        // A producer that asks for an unknown topic would have it created with the brokers' number of partitions, not ours.
        config.AllowAutoCreateTopics = false;

        // What comes while a request is on its way goes with the next one; a lone purchase waits for nobody.
        config.LingerMs ??= 0;
        // The reports carry back what was sent; nobody reads it.
        config.DeliveryReportFields ??= "none";
        return config.Client(configuration);
    }

    /// <summary>Configures the consumer that <see cref="IPurchaseFeed"/> reads with.</summary>
    /// <param name="config">The client's configuration so far, TLS and SASL included.</param>
    /// <param name="configuration">Where the sections <c>Shopping</c> and <c>Kafka</c> and <c>ConnectionStrings:kafka</c> are found.</param>
    /// <exception cref="OptionsValidationException">How to connect can't be right; the message names the key.</exception>
    public static ConsumerConfig ForPurchases(this ConsumerConfig config, IConfiguration configuration)
    {
        var kafka = configuration.GetSection(PurchaseLogOptions.Section).Get<KafkaOptions>() ?? new();

        config.Connect(configuration);
        config.GroupId = kafka.ConsumerGroup;
        config.EnableAutoCommit = false;
        config.EnableAutoOffsetStore = false;
        config.AutoOffsetReset = AutoOffsetReset.Earliest;
        // How far the feed is behind in a partition that nothing arrives from is known by this.
        config.EnablePartitionEof = true;
        config.AllowAutoCreateTopics = false;
        if (kafka.StaticMembership)
        {
            config.GroupInstanceId ??= Environment.MachineName;
        }

        // The partitions of a reader that died are read on by others after the first; one that hangs leaves after the second.
        if (config.GroupProtocol is not GroupProtocol.Consumer)
        {
            // The brokers settle these in the newer protocol.
            config.PartitionAssignmentStrategy = PartitionAssignmentStrategy.CooperativeSticky;
            config.SessionTimeoutMs ??= 10_000;
            // A member learns of a rebalance from the answer to its next heartbeat.
            config.HeartbeatIntervalMs ??= 500;
        }

        config.MaxPollIntervalMs ??= 300_000;
        return config.Client(configuration);
    }

    /// <summary>
    /// Stops the host when the producer can't go on: one that has lost track of what was written refuses everything from then
    /// on, and only a new one can help. The producer's other troubles and its own lines are logged.
    /// </summary>
    internal static ProducerBuilder<string, byte[]> ForPurchases(this ProducerBuilder<string, byte[]> builder, IServiceProvider services)
    {
        var host = services.GetRequiredService<IHostApplicationLifetime>();
        var logger = services.GetRequiredService<ILogger<KafkaPurchaseLog>>();
        var troubles = services.GetRequiredService<ClientTroubles>();
        return builder.SetLogHandler((_, message) => troubles.PassOn(message)).SetErrorHandler((_, error) =>
        {
            if (error.IsFatal)
            {
                LogFatal(logger, error.Code, error.Reason);
                host.StopApplication();
            }
            else
            {
                troubles.Note(error);
            }
        });
    }

    // Where the brokers are, and how to talk to them: first, so that nothing that durability rests on can be changed by it.
    private static void Connect(this ClientConfig config, IConfiguration configuration)
    {
        KafkaConnection.Read(configuration, config);
        config.BootstrapServers ??= KafkaConnection.Brokers(configuration);
    }

    private static T Client<T>(this T config, IConfiguration configuration) where T : ClientConfig
    {
        config.ClientId ??= AppDomain.CurrentDomain.FriendlyName;
        // Back within a second after an outage, instead of ten; a broker that hangs is noticed after 10 s, instead of 60.
        config.ReconnectBackoffMaxMs ??= 1_000;
        config.SocketTimeoutMs ??= 10_000;
        config.SocketKeepaliveEnable ??= true;
        // Partitions that are added to the topic are noticed after half a minute, instead of five.
        config.TopicMetadataRefreshIntervalMs ??= 30_000;
        KafkaConnection.Try(configuration, config);
        return config;
    }

    [LoggerMessage(LogLevel.Critical, "The Kafka client can't go on, the process stops: {Code} {Reason}")]
    private static partial void LogFatal(ILogger logger, ErrorCode code, string reason);
}
