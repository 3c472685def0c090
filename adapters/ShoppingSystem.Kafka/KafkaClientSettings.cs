using Confluent.Kafka;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using ShoppingSystem.Purchases;

namespace ShoppingSystem.Kafka;

/// <summary>
/// The one place where Kafka clients are configured. Settings that the promise "nothing is lost" depends on are set here, whatever
/// the configuration says; all others are defaults that the configuration can override. Requests that are not about purchases
/// (creating the topic, looking at it) use the connections of these clients.
/// </summary>
public static partial class KafkaClientSettings
{
    /// <summary>Configures the producer that <see cref="IPurchaseLog"/> appends with.</summary>
    /// <param name="config">The client's configuration so far, TLS and SASL included.</param>
    /// <param name="configuration">Contains the sections <c>Shopping</c> and <c>Kafka</c> and <c>ConnectionStrings:kafka</c>.</param>
    /// <exception cref="OptionsValidationException">The connection settings can't be right; the message names the key.</exception>
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
        // The brokers need not wait for their replicas longer than the purchase does.
        config.RequestTimeoutMs ??= config.MessageTimeoutMs;
        config.QueueBufferingMaxMessages = kafka.MaxPendingAppends;
        // If a producer may ask for an unknown topic, the brokers create it with their number of partitions instead of ours.
        config.AllowAutoCreateTopics = false;

        // Purchases that arrive while a request is on its way go into the next one; a single purchase is sent without waiting.
        config.LingerMs ??= 0;
        // Delivery reports would return the message that was sent, which nothing reads.
        config.DeliveryReportFields ??= "none";
        return config.Client(configuration);
    }

    /// <summary>Configures the consumer that <see cref="IPurchaseFeed"/> reads with.</summary>
    /// <param name="config">The client's configuration so far, TLS and SASL included.</param>
    /// <param name="configuration">Contains the sections <c>Shopping</c> and <c>Kafka</c> and <c>ConnectionStrings:kafka</c>.</param>
    /// <exception cref="OptionsValidationException">The connection settings can't be right; the message names the key.</exception>
    public static ConsumerConfig ForPurchases(this ConsumerConfig config, IConfiguration configuration)
    {
        var kafka = configuration.GetSection(PurchaseLogOptions.Section).Get<KafkaOptions>() ?? new();

        config.Connect(configuration);
        config.GroupId = kafka.ConsumerGroup;
        config.EnableAutoCommit = false;
        config.EnableAutoOffsetStore = false;
        config.AutoOffsetReset = AutoOffsetReset.Earliest;
        // Shows how far the feed is behind in a partition from which nothing arrives.
        config.EnablePartitionEof = true;
        config.AllowAutoCreateTopics = false;
        if (kafka.StaticMembership)
        {
            config.GroupInstanceId ??= Environment.MachineName;
        }

        // After the first, the partitions of a dead reader go to others; after the second, a reader that hangs leaves the group.
        if (config.GroupProtocol is not GroupProtocol.Consumer)
        {
            // In the newer protocol the brokers decide these.
            config.PartitionAssignmentStrategy = PartitionAssignmentStrategy.CooperativeSticky;
            config.SessionTimeoutMs ??= 10_000;
            // A member learns of a rebalance from the answer to its next heartbeat.
            config.HeartbeatIntervalMs ??= 500;
        }

        config.MaxPollIntervalMs ??= 300_000;
        return config.Client(configuration);
    }

    /// <summary>
    /// Stops the host when the producer can't go on: a producer that has lost track of what was written refuses everything from then
    /// on, and only a new one can help. The producer's other errors and its own lines are logged.
    /// </summary>
    internal static ProducerBuilder<string, byte[]> ForPurchases(this ProducerBuilder<string, byte[]> builder, IServiceProvider services)
    {
        var host = services.GetRequiredService<IHostApplicationLifetime>();
        var logger = services.GetRequiredService<ILogger<KafkaPurchaseLog>>();
        var errors = services.GetRequiredService<ClientErrors>();
        return builder.SetLogHandler((_, message) => errors.Forward(message)).SetErrorHandler((_, error) =>
        {
            if (error.IsFatal)
            {
                LogFatal(logger, error.Code, error.Reason);
                host.StopApplication();
            }
            else
            {
                errors.Note(error);
            }
        });
    }

    // The brokers' addresses and how to connect. Applied first, so that it can't change a setting that durability depends on.
    private static void Connect(this ClientConfig config, IConfiguration configuration)
    {
        KafkaConnection.Read(configuration, config);
        config.BootstrapServers ??= KafkaConnection.Brokers(configuration);
    }

    private static T Client<T>(this T config, IConfiguration configuration) where T : ClientConfig
    {
        config.ClientId ??= AppDomain.CurrentDomain.FriendlyName;
        // Reconnects within a second after an outage, instead of ten; detects a broker that hangs after 10 s, instead of 60.
        config.ReconnectBackoffMaxMs ??= 1_000;
        config.SocketTimeoutMs ??= 10_000;
        config.SocketKeepaliveEnable ??= true;
        // Detects partitions that are added to the topic after half a minute, instead of five.
        config.TopicMetadataRefreshIntervalMs ??= 30_000;
        KafkaConnection.Try(configuration, config);
        return config;
    }

    [LoggerMessage(LogLevel.Critical, "The Kafka client can't go on, the process stops: {Code} {Reason}")]
    private static partial void LogFatal(ILogger logger, ErrorCode code, string reason);
}
