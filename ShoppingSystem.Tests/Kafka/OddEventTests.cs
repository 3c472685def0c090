using System.Text;
using Confluent.Kafka;
using ShoppingSystem.Tests.Hosts;
using ShoppingSystem.Tests.Support;

namespace ShoppingSystem.Tests.Kafka;

public sealed class OddEventTests(ITestOutputHelper output)
{
    private const int Count = 10_000;

    [Fact]
    public async Task Every_event_in_the_topic_is_recorded_or_a_dead_letter()
    {
        var seed = Seed.Next();
        output.WriteLine($"seed {seed}");
        var random = new Random(seed);
        // Brokers refuse what is more than an hour ahead of them (message.timestamp.after.max.ms).
        long[] times = [0, 1, -1, 1_705_663_200_000, DateTimeOffset.UtcNow.AddMinutes(50).ToUnixTimeMilliseconds()];
        await using var cluster = await ClusterProcesses.StartAnywhereAsync(recorders: 1);
        using (var other = new ProducerBuilder<byte[]?, byte[]?>(new ProducerConfig { BootstrapServers = cluster.Brokers.BootstrapServers }).Build())
        {
            await Task.WhenAll(new OddEvents(seed).Take(Count).Select(value => other.ProduceAsync(
                new TopicPartition(cluster.Brokers.Topic, random.Next(12)),
                new Message<byte[]?, byte[]?>
                {
                    Key = random.Next(3) == 0 ? null : [.. value.Take(20)],
                    Value = value.Length == 0 && random.Next(2) == 0 ? null : value,
                    Timestamp = random.Next(3) == 0 ? new Timestamp(times[random.Next(times.Length)], TimestampType.CreateTime) : Timestamp.Default,
                    Headers = random.Next(3) == 0 ? new Headers { { "traceparent", Encoding.UTF8.GetBytes($"00-{random.NextInt64():x}-x") }, { "", null } } : null,
                })));
        }

        long recorded = 0, letters = 0;
        await Eventually.TrueAsync(
            async () =>
            {
                (recorded, letters) = (await cluster.Store.CountAsync(), await cluster.DeadLetters.CountAsync());
                return recorded + letters >= Count;
            },
            TimeSpan.FromMinutes(2), "all are dealt with");
        output.WriteLine($"{recorded} recorded, {letters} dead letters");
        OddEvents.AreAllDealtWith(Count, recorded, letters);

        // It goes on with what comes after them.
        var bought = await cluster.Shop.BuyAsync("ada");
        await cluster.TrueAsync(async () => (await cluster.Shop.ReadPageAsync("/api/v1/getAllUserBuys/ada")).Ids.Contains(bought), "a purchase is recorded");
    }
}
