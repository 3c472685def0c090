using System.Net;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Time.Testing;
using ShoppingSystem.Purchases;
using ShoppingSystem.Tests.Kafka;
using ShoppingSystem.Tests.Support;

namespace ShoppingSystem.Tests.Http;

/// <summary>What the web server's own log says while purchases can't be made durable.</summary>
public sealed class RefusalLogTests
{
    [Fact]
    public async Task An_outage_logs_one_line_a_second_and_not_one_per_purchase()
    {
        var clock = new FakeTimeProvider(Some.Moment);
        var warnings = new Warnings();
        await using var shop = await StorefrontHost.StartAsync(new NoLog(), builder =>
        {
            builder.Services.AddSingleton<TimeProvider>(clock);
            builder.Logging.AddProvider(warnings);
        });

        for (var i = 0; i < 3; i++)
        {
            await BuyAsync();
        }

        var first = Assert.Single(warnings);
        Assert.Contains("the disk is full", first, StringComparison.Ordinal);

        clock.Advance(TimeSpan.FromSeconds(1));
        await BuyAsync();

        Assert.Equal(2, warnings.Count);
        Assert.Contains("2 others", warnings.Last(), StringComparison.Ordinal);

        async Task BuyAsync()
        {
            using var reply = await shop.Client.PostAsync("/api/v1/buy", Support.Http.Json("""{"username":"a","userid":"u","price":1}"""));
            Assert.Equal(HttpStatusCode.ServiceUnavailable, reply.StatusCode);
        }
    }

    private sealed class NoLog : IPurchaseLog
    {
        public ValueTask AppendAsync(Purchase purchase, CancellationToken cancellationToken = default) =>
            throw new PurchaseLogUnavailableException("the disk is full");
    }
}
