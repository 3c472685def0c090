using ShoppingSystem.Purchases;
using ShoppingSystem.Tests.Contracts;

namespace ShoppingSystem.Tests.Kafka;

/// <summary>The contract of the ports, on three brokers.</summary>
public sealed class KafkaPurchaseLogTests : PurchaseLogContract
{
    protected override async Task<ILogUnderTest> OpenAsync(PurchaseLogOptions options)
    {
        var log = new OnKafka(Brokers.New(partitions: 4), options);
        await log.StartAsync();
        return log;
    }

    private sealed class OnKafka(Brokers brokers, PurchaseLogOptions options) : ILogUnderTest
    {
        private KafkaHost _host = null!;

        public IPurchaseLog Log => _host.Log;

        public IPurchaseFeed Feed => _host.Feed;

        public async Task StartAsync() => _host = await KafkaHost.StartAsync(brokers, settings:
        [
            ("Shopping:BatchSize", options.BatchSize.ToString(System.Globalization.CultureInfo.InvariantCulture)),
        ]);

        public async Task ReopenAsync()
        {
            await _host.DisposeAsync();
            await StartAsync();
        }

        public async ValueTask DisposeAsync()
        {
            await _host.DisposeAsync();
            brokers.Dispose();
        }
    }
}
