using System.Net;
using System.Net.Http.Json;
using ShoppingSystem.Tests.Support;

namespace ShoppingSystem.Tests.Http;

public sealed class AdmissionTests(ITestOutputHelper output)
{
    private const string TrustLoopback = "--Proxies:0=127.0.0.0/8";

    [Fact]
    public async Task A_client_that_sends_too_much_is_told_when_to_come_back_and_others_are_not_held_up()
    {
        await using var shop = await StorefrontHost.StartAsync(
            new MemoryLog(), null, TrustLoopback, "--Admission:RequestsPerSecond=1", "--Admission:Burst=3");

        using var refusal = await FirstRefusalAsync(shop.Client, "10.1.2.3");

        Assert.Equal(HttpStatusCode.TooManyRequests, refusal.StatusCode);
        Assert.Equal("application/problem+json", refusal.Content.Headers.ContentType?.MediaType);
        Assert.True(refusal.Headers.RetryAfter?.Delta >= TimeSpan.FromSeconds(1), "Retry-After says when");
        Assert.Equal(HttpStatusCode.Accepted, (await BuyAsync(shop.Client, "10.1.2.4")).StatusCode);
        using var probe = new HttpRequestMessage(HttpMethod.Get, "/-/healthy") { Headers = { { "X-Forwarded-For", "10.1.2.3" } } };
        Assert.Equal(HttpStatusCode.OK, (await shop.Client.SendAsync(probe)).StatusCode);
    }

    [Theory]
    [InlineData("2001:db8:1:2::1", "2001:db8:1:2:ffff:ffff:ffff:fffe", true)]
    [InlineData("2001:db8:1:2::1", "2001:db8:1:3::1", false)]
    [InlineData("::ffff:10.1.2.3", "10.1.2.3", true)]
    [InlineData("::ffff:10.1.2.3", "::ffff:10.1.2.4", false)]
    [InlineData("64:ff9b::10.1.2.3", "10.1.2.3", true)]
    [InlineData("64:ff9b::10.1.2.3", "64:ff9b::10.1.2.4", false)]
    public async Task A_network_of_64_bits_is_one_client_because_whoever_has_one_address_of_it_has_them_all(string address, string other, bool same)
    {
        const int Burst = 20;
        await using var shop = await StorefrontHost.StartAsync(
            new MemoryLog(), null, TrustLoopback, "--Admission:RequestsPerSecond=1", $"--Admission:Burst={Burst}");
        using (await FirstRefusalAsync(shop.Client, address))
        {
        }

        var replies = new List<HttpStatusCode>();
        for (var i = 0; i < Burst; i++)
        {
            using var reply = await BuyAsync(shop.Client, other);
            replies.Add(reply.StatusCode);
        }

        Assert.Equal(same, replies.Contains(HttpStatusCode.TooManyRequests));
    }

    [Theory]
    [InlineData("::1")]
    [InlineData("::ffff:127.0.0.1")]
    [InlineData("127.0.0.2")]
    public async Task Requests_from_this_machine_are_not_limited_in_any_notation_of_its_address(string address)
    {
        await using var shop = await StorefrontHost.StartAsync(
            new MemoryLog(), null, TrustLoopback, "--Admission:RequestsPerSecond=1", "--Admission:Burst=3");

        for (var i = 0; i < 20; i++)
        {
            using var reply = await BuyAsync(shop.Client, address);
            Assert.Equal(HttpStatusCode.Accepted, reply.StatusCode);
        }
    }

    [Fact]
    public async Task A_service_that_trusts_no_proxy_ignores_forwarded_addresses()
    {
        await using var shop = await StorefrontHost.StartAsync(
            new MemoryLog(), null, "--Admission:RequestsPerSecond=1", "--Admission:Burst=3");

        for (var i = 0; i < 20; i++)
        {
            Assert.Equal(HttpStatusCode.Accepted, (await BuyAsync(shop.Client, "10.1.2.3")).StatusCode);
        }
    }

    [Fact]
    public async Task Requests_above_capacity_are_shed_and_admitted_ones_are_served()
    {
        var log = new MemoryLog(open: false);
        await using var shop = await StorefrontHost.StartAsync(log, null, "--Admission:MaxConcurrentRequests=2");
        var letIn = new[] { BuyAsync(shop.Client), BuyAsync(shop.Client) };
        await Eventually.TrueAsync(() => log.Waiting == 2, "both are being worked on");

        using var refusal = await BuyAsync(shop.Client);
        log.Open();

        Assert.Equal(HttpStatusCode.ServiceUnavailable, refusal.StatusCode);
        Assert.Equal("application/problem+json", refusal.Content.Headers.ContentType?.MediaType);
        Assert.NotNull(refusal.Headers.RetryAfter?.Delta);
        Assert.All(await Task.WhenAll(letIn), reply => Assert.Equal(HttpStatusCode.Accepted, reply.StatusCode));
        Assert.Equal(HttpStatusCode.Accepted, (await BuyAsync(shop.Client)).StatusCode);
    }

    [Fact]
    public async Task Histories_are_admitted_while_waiting_purchases_fill_the_capacity()
    {
        var log = new MemoryLog(open: false);
        await using var shop = await StorefrontHost.StartAsync(log, null, "--Admission:MaxConcurrentRequests=2");
        var waiting = new[] { BuyAsync(shop.Client), BuyAsync(shop.Client) };
        await Eventually.TrueAsync(() => log.Waiting == 2, "both are being worked on");

        using var purchase = await BuyAsync(shop.Client);
        using var history = await shop.Client.GetAsync("/api/v1/getAllUserBuys/1");
        log.Open();

        // There is no management API here; that is as far as it comes.
        Assert.DoesNotContain("history", (await purchase.ProblemAsync(HttpStatusCode.ServiceUnavailable)).ToString(), StringComparison.Ordinal);
        Assert.Contains("history", (await history.ProblemAsync(HttpStatusCode.ServiceUnavailable)).ToString(), StringComparison.Ordinal);
        await Task.WhenAll(waiting);
    }

    /// <summary>Far more customers than there is room for, none of whom waits before trying again.</summary>
    [Fact]
    public async Task Above_capacity_each_answer_is_an_acknowledgement_or_a_refusal_with_a_time_and_afterwards_all_is_as_before()
    {
        const int Customers = 64;
        const int Each = 50;
        await using var shop = await InProcessShop.StartAsync(settings: "--Admission:MaxConcurrentRequests=4");
        var (acknowledged, refused) = (0, 0);
        await Task.WhenAll(Enumerable.Range(0, Customers).Select(_ => Task.Run(async () =>
        {
            for (var i = 0; i < Each; i++)
            {
                using var reply = await BuyAsync(shop.Shop);
                if (reply.StatusCode is HttpStatusCode.Accepted)
                {
                    Interlocked.Increment(ref acknowledged);
                    continue;
                }

                await reply.ProblemAsync(HttpStatusCode.ServiceUnavailable);
                Assert.True(reply.Headers.RetryAfter?.Delta >= TimeSpan.FromSeconds(1), "Retry-After says when");
                Interlocked.Increment(ref refused);
            }
        })));

        Assert.Equal(Customers * Each, acknowledged + refused);
        Assert.True(acknowledged > 0 && refused > 0, $"{acknowledged} acknowledged, {refused} refused");
        for (var i = 0; i < 100; i++)
        {
            Assert.Equal(HttpStatusCode.Accepted, (await BuyAsync(shop.Shop)).StatusCode);
        }

        await shop.Management.UntilRecordedAsync("1", acknowledged + 100);
        output.WriteLine($"{acknowledged} acknowledged, {refused} refused with 503 and Retry-After, 0 otherwise; then 100 of 100 acknowledged, {acknowledged + 100} recorded");
    }

    [Theory]
    [InlineData("--Admission:MaxConcurrentRequests=0", "Admission:MaxConcurrentRequests")]
    [InlineData("--Admission:Burst=-1", "Admission:Burst")]
    [InlineData("--Proxies:0=everybody", "Proxies")]
    [InlineData("--services:management-api:http:0=localhost:8080", "services:management-api:http:0")]
    [InlineData("--services:management-api:https:0=nowhere", "services:management-api:https:0")]
    [InlineData("--services:management-api:http:0=", "services:management-api:http:0")]
    [InlineData("--Authentication:Authority=", "Authentication:Authority")]
    public async Task An_invalid_setting_stops_the_start_and_is_named(string setting, string key)
    {
        var refusal = await Assert.ThrowsAnyAsync<Exception>(() => StorefrontHost.StartAsync(new MemoryLog(), null, setting));

        Assert.Contains(key, refusal.Message);
    }

    private static async Task<HttpResponseMessage> FirstRefusalAsync(HttpClient client, string address)
    {
        for (var i = 0; i < 1000; i++)
        {
            var reply = await BuyAsync(client, address);
            if (!reply.IsSuccessStatusCode)
            {
                return reply;
            }
        }

        throw new InvalidOperationException("No request was refused.");
    }

    private static Task<HttpResponseMessage> BuyAsync(HttpClient client, string? forwardedFor = null)
    {
        var request = new HttpRequestMessage(HttpMethod.Post, "/api/v1/buy")
        {
            Content = JsonContent.Create(new { username = "Ada", userid = "1", price = 12.5m }),
        };
        if (forwardedFor is not null)
        {
            request.Headers.Add("X-Forwarded-For", forwardedFor);
        }

        return client.SendAsync(request);
    }
}
