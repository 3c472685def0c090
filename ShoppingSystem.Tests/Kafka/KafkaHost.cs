using System.Collections.Concurrent;
using Confluent.Kafka;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using ShoppingSystem.Kafka;
using ShoppingSystem.Purchases;
using ShoppingSystem.Tests.Support;

namespace ShoppingSystem.Tests.Kafka;

/// <summary>A process as the cluster knows it: a host with the log, the feed or both, over its own connections.</summary>
internal sealed class KafkaHost : IAsyncDisposable
{
    private readonly IHost _host;

    private KafkaHost(IHost host) => _host = host;

    public IPurchaseLog Log => _host.Services.GetRequiredService<IPurchaseLog>();

    public IPurchaseFeed Feed => _host.Services.GetRequiredService<IPurchaseFeed>();

    public Signals Signals => _host.Services.GetRequiredService<Signals>();

    public IServiceProvider Services => _host.Services;

    /// <summary>What it has logged at warning and above.</summary>
    public IEnumerable<string> Warnings => _host.Services.GetServices<ILoggerProvider>().OfType<Warnings>().Single();

    /// <param name="brokers">Which brokers.</param>
    /// <param name="log">Whether it appends.</param>
    /// <param name="feed">Whether it can read.</param>
    /// <param name="consumerBuilder">What makes the builders of consumers, where they are watched.</param>
    /// <param name="settings">What else is configured.</param>
    public static async Task<KafkaHost> StartAsync(
        Brokers brokers, bool log = true, bool feed = true, Func<ConsumerConfig, ConsumerBuilder<string, byte[]>>? consumerBuilder = null,
        params (string Key, string Value)[] settings)
    {
        var builder = Host.CreateEmptyApplicationBuilder(null);
        // In the newer protocol the brokers decide these.
        if (!settings.Any(setting => setting.Key is "Kafka:GroupProtocol"))
        {
            // Short enough to see a reader that died being replaced; real brokers allow no less.
            builder.Configuration.AddInMemoryCollection([new("Kafka:SessionTimeoutMs", "6000"), new("Kafka:HeartbeatIntervalMs", "250")]);
        }

        builder.Configuration.Configure(brokers, settings);
        builder.Logging.AddProvider(new Warnings());
        builder.Services.AddSingleton(TimeProvider.System);
        builder.Services.AddMetrics();
        if (log)
        {
            builder.AddKafkaPurchaseLog();
        }

        if (feed)
        {
            if (consumerBuilder is not null)
            {
                var config = new ConsumerConfig().ForPurchases(builder.Configuration);
                builder.Services.AddSingleton(services => new KafkaConsumers(config, services.GetRequiredService<ClientErrors>()) { NewBuilder = consumerBuilder });
            }

            builder.AddKafkaPurchaseFeed();
        }

        var host = builder.Build();
        await host.StartAsync();
        return new KafkaHost(host);
    }

    public async ValueTask DisposeAsync()
    {
        await _host.StopAsync();
        _host.Dispose();
    }
}

internal static class KafkaHostExtensions
{
    /// <summary>Appends as many purchases at once, each of another user.</summary>
    public static Task AppendAsync(this IPurchaseLog log, int count) =>
        Task.WhenAll(Enumerable.Range(0, count).Select(i => log.AppendAsync(Some.Purchase($"u{i}")).AsTask()));

    public static void Configure(this IConfigurationBuilder configuration, Brokers brokers, params (string Key, string Value)[] settings) => configuration
        .AddInMemoryCollection([
            new("ConnectionStrings:kafka", brokers.BootstrapServers),
            new("Shopping:Topic", brokers.Topic),
            new("Shopping:Partitions", $"{brokers.Partitions}"),
            new("Shopping:ConsumerGroup", brokers.Group),
            // The first append waits until the topic is there, and real brokers on a busy machine take their time.
            new("Shopping:AppendDeadline", brokers.AreReal ? "00:01:00" : "00:00:05"),
        ])
        .AddInMemoryCollection(settings.Select(setting => new KeyValuePair<string, string?>(setting.Key, setting.Value)));
}

internal sealed class Warnings : ConcurrentQueue<string>, ILoggerProvider, ILogger
{
    public ILogger CreateLogger(string categoryName) => this;

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        if (logLevel >= LogLevel.Warning)
        {
            Enqueue(formatter(state, exception));
        }
    }

    public bool IsEnabled(LogLevel logLevel) => logLevel >= LogLevel.Warning;

    public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;

    public void Dispose()
    {
    }
}
