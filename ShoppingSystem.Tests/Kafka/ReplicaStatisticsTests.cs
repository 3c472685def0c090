using System.Net.Http.Json;
using System.Text.Json;
using ShoppingSystem.Tests.Hosts;
using ShoppingSystem.Tests.Support;

namespace ShoppingSystem.Tests.Kafka;

/// <summary>Statistics with two management APIs that share the partitions: whichever answers, what it says is true.</summary>
public sealed class ReplicaStatisticsTests(ITestOutputHelper output)
{
    [Fact]
    public async Task Totals_come_from_the_store_and_the_other_figures_of_the_replicas_add_up()
    {
        const int purchases = 300;
        var load = new BuyingLoad(16);
        await using var cluster = await ClusterProcesses.StartAnywhereAsync(recorders: 2);
        await cluster.TrueAsync(
            async () => (await cluster.LagsAsync()).TrueForAll(lags => lags.Count == cluster.Brokers.Partitions / 2), "each reads half of the partitions");

        await cluster.BuyAsync(load, purchases);
        await cluster.NothingIsLostOrDoubledAsync(load, output, "two management APIs");

        var answers = new List<JsonElement>();
        foreach (var replica in cluster.Recorders)
        {
            answers.Add(await replica.Client.GetFromJsonAsync<JsonElement>("/api/v1/stats"));
        }

        var acknowledged = load.Acknowledged.Count;
        Assert.All(answers, answer => Assert.Equal(acknowledged, answer.GetProperty("recorded").GetInt64()));
        var own = answers.Select(answer => answer.GetProperty("process").GetProperty("recorded").GetInt64()).ToList();
        output.WriteLine($"{acknowledged} recorded, by replica: {string.Join(" + ", own)}");
        Assert.Equal(acknowledged, own.Sum());
        Assert.All(own, count => Assert.InRange(count, 1, acknowledged - 1));
        Assert.Equal(Enumerable.Range(0, cluster.Brokers.Partitions), answers.SelectMany(Partitions).Order());
        Assert.Equal(2, answers.Select(answer => answer.GetProperty("process").GetProperty("started").GetDouble()).Distinct().Count());
    }

    private static IEnumerable<int> Partitions(JsonElement statistics) =>
        statistics.GetProperty("lag").EnumerateArray().Select(lag => lag.GetProperty("partition").GetInt32());
}
