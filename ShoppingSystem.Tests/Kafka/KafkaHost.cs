using Confluent.Kafka;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using ShoppingSystem.Kafka;
using ShoppingSystem.MockKafka;
using ShoppingSystem.Purchases;

namespace ShoppingSystem.Tests.Kafka;

/// <summary>A process as the cluster knows it: a host with the log, the feed or both, over its own connections.</summary>
internal sealed class KafkaHost : IAsyncDisposable
{
    private readonly IHost _host;

    private KafkaHost(IHost host) => _host = host;

    public IPurchaseLog Log => _host.Services.GetRequiredService<IPurchaseLog>();

    public IPurchaseFeed Feed => _host.Services.GetRequiredService<IPurchaseFeed>();

    public IServiceProvider Services => _host.Services;

    public static async Task<KafkaHost> StartAsync(
        MockCluster cluster, bool log = true, bool feed = true, Action<IServiceCollection>? services = null, params (string Key, string Value)[] settings)
    {
        var builder = Host.CreateEmptyApplicationBuilder(null);
        builder.Configuration.Configure(cluster, settings);
        builder.Services.AddKafka(builder.Configuration, log, feed);
        services?.Invoke(builder.Services);
        var host = builder.Build();
        await host.StartAsync();
        return new KafkaHost(host);
    }

    /// <summary>
    /// What SIGKILL looks like from the cluster: connections are gone, nothing was committed, nobody said goodbye.
    /// </summary>
    public void VanishAsReader() => _host.Services.GetRequiredService<IConsumer<string, byte[]>>().Dispose();

    public async ValueTask DisposeAsync()
    {
        await _host.StopAsync();
        _host.Dispose();
    }
}

internal static class KafkaHostExtensions
{
    public static void Configure(this IConfigurationBuilder configuration, MockCluster cluster, params (string Key, string Value)[] settings) =>
        configuration.AddInMemoryCollection([
            new("ConnectionStrings:kafka", cluster.BootstrapServers),
            .. settings.Select(setting => new KeyValuePair<string, string?>(setting.Key, setting.Value)),
        ]);

    /// <summary>The adapter, with clients built plainly, as a client integration would.</summary>
    public static void AddKafka(this IServiceCollection services, IConfiguration configuration, bool log, bool feed)
    {
        services.TryAddSingleton(TimeProvider.System);
        if (log)
        {
            services.AddSingleton(_ => new ProducerBuilder<string, byte[]>(new ProducerConfig().ForPurchases(configuration))
                .SetLogHandler((_, _) => { })
                .Build());
            services.AddKafkaPurchaseLog();
        }

        if (feed)
        {
            // Short enough to see a reader that died being replaced.
            var config = new ConsumerConfig { SessionTimeoutMs = 3000, HeartbeatIntervalMs = 250 }.ForPurchases(configuration);
            services.AddSingleton(provider => new ConsumerBuilder<string, byte[]>(config)
                .SetLogHandler((_, _) => { })
                .ForPurchases(provider)
                .Build());
            services.AddKafkaPurchaseFeed();
        }
    }
}
