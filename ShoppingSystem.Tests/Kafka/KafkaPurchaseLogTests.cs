using ShoppingSystem.MockKafka;
using ShoppingSystem.Purchases;
using ShoppingSystem.Tests.Contracts;

namespace ShoppingSystem.Tests.Kafka;

/// <summary>The contract of the ports, on three brokers.</summary>
public sealed class KafkaPurchaseLogTests : PurchaseLogContract
{
    protected override async Task<ILogUnderTest> OpenAsync(PurchaseLogOptions options)
    {
        var cluster = new MockCluster();
        cluster.CreateTopic("purchases", 4);
        var log = new OnKafka(cluster, options);
        await log.StartAsync();
        return log;
    }

    private sealed class OnKafka(MockCluster cluster, PurchaseLogOptions options) : ILogUnderTest
    {
        private KafkaHost _host = null!;

        public IPurchaseLog Log => _host.Log;

        public IPurchaseFeed Feed => _host.Feed;

        public async Task StartAsync() => _host = await KafkaHost.StartAsync(cluster, settings:
        [
            ("Shopping:BatchSize", options.BatchSize.ToString(System.Globalization.CultureInfo.InvariantCulture)),
            ("Shopping:AppendDeadline", options.AppendDeadline.ToString()),
        ]);

        public async Task ReopenAsync()
        {
            await _host.DisposeAsync();
            await StartAsync();
        }

        public async ValueTask DisposeAsync()
        {
            await _host.DisposeAsync();
            cluster.Dispose();
        }
    }
}
