using Microsoft.AspNetCore.Http;
using ShoppingSystem.LoadTest;

namespace ShoppingSystem.Tests.LoadTest;

public sealed class VerificationTests
{
    private const int Purchases = 200;

    [Fact]
    public async Task Verification_passes_when_every_purchase_is_recorded_once()
    {
        await using var shop = await FakeShop.StartAsync();

        var result = await RunAsync(shop);

        Assert.Equal(Purchases, result.Traffic.Acknowledged);
        Assert.Equal(Purchases, result.Verification!.Acknowledged);
        Assert.Equal(Purchases, result.Verification.Found);
        Assert.True(result.Verification is { Passed: true, Complete: true, Examples: [] });
        Assert.Equal(ExitCode.Ok, ExitCode.Of(result));
        Assert.All(shop.Users, user => Assert.StartsWith(result.UserIdPrefix, user, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Lost_purchases_are_found()
    {
        await using var shop = await FakeShop.StartAsync();
        shop.Record = entry => entry.Number is 17 or 42 ? [] : [entry];

        var result = await RunAsync(shop, deadlineMilliseconds: 300);

        Assert.Equal(2, result.Verification!.Lost);
        Assert.Equal(Purchases - 2, result.Verification.Found);
        Assert.Contains(result.Verification.Examples, example => example.StartsWith("lost: purchase 42 of user", StringComparison.Ordinal));
        Assert.Equal(ExitCode.NotExactlyOnce, ExitCode.Of(result));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Doubled_purchases_are_found_with_and_without_an_id_of_their_own(bool sameId)
    {
        await using var shop = await FakeShop.StartAsync();
        shop.Record = entry => entry.Number is 17 ? [entry, entry with { Id = sameId ? entry.Id : Guid.NewGuid() }] : [entry];

        var result = await RunAsync(shop);

        Assert.Equal(1, result.Verification!.Doubled);
        Assert.Equal(0, result.Verification.Lost);
        Assert.Contains(result.Verification.Examples, example => example.StartsWith("doubled: purchase 17 of user", StringComparison.Ordinal));
        Assert.Equal(ExitCode.NotExactlyOnce, ExitCode.Of(result));
    }

    [Fact]
    public async Task Altered_purchases_are_found()
    {
        await using var shop = await FakeShop.StartAsync();
        shop.Record = entry => entry.Number switch
        {
            3 => [entry with { Price = entry.Price + 0.01m }],
            4 => [entry with { Id = Guid.NewGuid() }],
            5 => [entry with { UserId = "someone else" }],
            _ => [entry],
        };

        var result = await RunAsync(shop);

        Assert.Equal(3, result.Verification!.Altered);
        Assert.Equal(ExitCode.NotExactlyOnce, ExitCode.Of(result));
    }

    [Fact]
    public async Task Purchases_that_nobody_made_are_found()
    {
        await using var shop = await FakeShop.StartAsync();
        shop.Record = entry => entry.Number switch
        {
            3 => [entry, entry with { Id = Guid.NewGuid(), Item = "Tea" }],
            4 => [entry, entry with { Id = Guid.NewGuid(), Item = BuyRequests.ItemOf(Purchases) }],
            _ => [entry],
        };

        var result = await RunAsync(shop);

        Assert.Equal(2, result.Verification!.Foreign);
        Assert.Equal(ExitCode.NotExactlyOnce, ExitCode.Of(result));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Verification_waits_for_a_recorder_that_is_behind(bool hasSummaries)
    {
        await using var shop = await FakeShop.StartAsync();
        shop.HasSummaries = hasSummaries;
        var late = new List<Entry>();
        var reads = 0;
        shop.Record = entry =>
        {
            if (entry.Number % 2 is 0)
            {
                return [entry];
            }

            lock (late)
            {
                late.Add(entry);
            }

            return [];
        };

        // Purchases with odd numbers show up only after the verifier has looked a few times.
        shop.CanRead = () =>
        {
            if (Interlocked.Increment(ref reads) is 30)
            {
                lock (late)
                {
                    shop.RecordNow(late);
                }
            }

            return true;
        };

        var result = await RunAsync(shop);

        Assert.Equal(Purchases, result.Verification!.Found);
        Assert.True(result.Verification.Passed);
    }

    [Fact]
    public async Task Verification_allows_purchases_whose_acknowledgement_never_arrived()
    {
        await using var shop = await FakeShop.StartAsync();
        shop.Answer = bought => bought.Count % 10 is 0 ? Results.StatusCode(503) : null;

        var result = await RunAsync(shop);

        Assert.Equal(Purchases / 10, result.Verification!.Unacknowledged);
        Assert.Equal(Purchases / 10, result.Traffic.Errors["HTTP 503"]);
        Assert.True(result.Verification.Passed);
        Assert.Equal(ExitCode.Ok, ExitCode.Of(result));
    }

    [Fact]
    public async Task Purchases_whose_histories_can_not_be_read_are_counted_as_unchecked()
    {
        await using var shop = await FakeShop.StartAsync();
        shop.CanRead = () => false;

        var result = await RunAsync(shop, deadlineMilliseconds: 300);

        Assert.Equal(Purchases, result.Verification!.Unchecked);
        Assert.Equal(0, result.Verification.Lost);
        Assert.Equal(ExitCode.NotVerified, ExitCode.Of(result));
    }

    /// <summary>Behind a prefix; a Link may be the query alone, a path, or an address.</summary>
    [Theory]
    [InlineData("")]
    [InlineData("USER")]
    [InlineData("/shop/api/v1/getAllUserBuys/USER")]
    [InlineData("http://HOST/shop/api/v1/getAllUserBuys/USER")]
    public async Task Follows_a_Link_as_it_is_written(string path)
    {
        await using var shop = await FakeShop.StartAsync("/shop");
        shop.Link = (user, before) =>
            $"<{path.Replace("USER", user, StringComparison.Ordinal).Replace("HOST", shop.Url.Authority, StringComparison.Ordinal)}?limit=1000&before={before}>; rel=\"next\"";

        var result = await RunAsync(shop);

        Assert.Equal(Purchases, result.Verification!.Found);
        Assert.True(result.Verification is { Passed: true, Complete: true, Examples: [] }, string.Join('\n', result.Verification.Examples));
    }

    /// <summary>The deadline is an hour away: what can't come to an end is given up at once, and said.</summary>
    [Theory]
    [InlineData("</api/v1/getAllUserBuys/USER?limit=1000&before=BEFORE>; rel=\"next\"", "but the answer is 404")]
    [InlineData("<?limit=1000&attempt=UNIQUE>; rel=\"next\"", "this page is one that was there before")]
    [InlineData("<?limit=1000&before=0&attempt=UNIQUE>; rel=\"next\"", "this page is empty")]
    [InlineData("<http://[>; rel=\"next\"", "can't be followed")]
    [InlineData("<ftp://localhost/>; rel=\"next\"", "can't be followed")]
    public async Task A_history_with_an_unusable_Link_header_is_given_up_with_the_reason(string link, string reason)
    {
        await using var shop = await FakeShop.StartAsync("/shop");
        var asked = 0;
        shop.Link = (user, before) => link.Replace("USER", user, StringComparison.Ordinal)
            .Replace("BEFORE", $"{before}", StringComparison.Ordinal)
            .Replace("UNIQUE", $"{Interlocked.Increment(ref asked)}", StringComparison.Ordinal);
        shop.LinksOn = true;

        var result = await RunAsync(shop, deadlineMilliseconds: 3_600_000);

        Assert.Equal(Purchases, result.Verification!.Unchecked);
        Assert.Equal(0, result.Verification.Lost);
        Assert.Contains(result.Verification.Examples, example => example.StartsWith("not read: GET /", StringComparison.Ordinal) && example.Contains(reason, StringComparison.Ordinal));
        Assert.Equal(ExitCode.NotVerified, ExitCode.Of(result));
    }

    private static Task<LoadTestResult> RunAsync(FakeShop shop, int deadlineMilliseconds = 60_000) => LoadTestRun.RunAsync(
        new LoadPlan
        {
            Url = shop.Url,
            Load = OpenLoad.Steady(1000, TimeSpan.FromSeconds(Purchases / 1000.0)),
            Users = 3,
            Timeout = TimeSpan.FromMinutes(1),
            VerifyWithin = TimeSpan.FromMilliseconds(deadlineMilliseconds),
            MeasureLag = false,
        },
        new Onlooker());
}
