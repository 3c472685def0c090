using System.Net.Http.Json;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using ShoppingSystem.Tests.Support;
using Xunit.Abstractions;

namespace ShoppingSystem.Tests.Kafka;

/// <summary>Statistics with several replicas behind one address: whichever answers, what it says is true.</summary>
public sealed class ReplicaStatisticsTests(ITestOutputHelper output)
{
    [Fact]
    public async Task Totals_are_the_stores_the_rest_is_each_replicas_own_and_adds_up()
    {
        const int purchases = 300;
        await using var pipeline = await Pipeline.StartAsync(output, recorders: 0);
        var replicas = new List<WebApplication> { await pipeline.AddRecorderAsync(), await pipeline.AddRecorderAsync() };
        await Eventually.TrueAsync(() => pipeline.Shares.TrueForAll(share => share == 6), "each reads half of the partitions");

        await pipeline.BuyAsync(purchases);
        await pipeline.EverythingIsRecordedOnceAsync();

        using var client = new HttpClient();
        var answers = new List<JsonElement>();
        foreach (var replica in replicas)
        {
            answers.Add(await client.GetFromJsonAsync<JsonElement>($"{replica.Urls.First()}/api/v1/stats"));
        }

        Assert.All(answers, answer => Assert.Equal(pipeline.Acknowledged, answer.GetProperty("recorded").GetInt64()));
        var own = answers.Select(answer => answer.GetProperty("process").GetProperty("recorded").GetInt64()).ToList();
        output.WriteLine($"{pipeline.Acknowledged} recorded, by replica: {string.Join(" + ", own)}");
        Assert.Equal(pipeline.Acknowledged, own.Sum());
        Assert.All(own, count => Assert.InRange(count, 1, pipeline.Acknowledged - 1));
        Assert.Equal(Enumerable.Range(0, 12), answers.SelectMany(Partitions).Order());
        Assert.Equal(2, answers.Select(answer => answer.GetProperty("process").GetProperty("started").GetDouble()).Distinct().Count());
    }

    private static IEnumerable<int> Partitions(JsonElement statistics) =>
        statistics.GetProperty("lag").EnumerateArray().Select(lag => lag.GetProperty("partition").GetInt32());
}
