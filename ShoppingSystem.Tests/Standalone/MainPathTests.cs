using System.Net;
using System.Text.RegularExpressions;
using ShoppingSystem.Tests.Support;

namespace ShoppingSystem.Tests.Standalone;

/// <summary>What the README promises, with the real process.</summary>
public sealed partial class MainPathTests : IDisposable
{
    private readonly string _directory = StandaloneProcess.NewDataDirectory();

    [Fact]
    public async Task A_purchase_is_in_the_history_of_both_services_before_and_after_a_restart()
    {
        string history;
        await using (var standalone = await StandaloneProcess.StartAsync(_directory))
        {
            using var reply = await standalone.Shop.PostAsync("/api/v1/buy", Support.Http.Json("""{"username": "user1", "userid": "123", "price": 50.0}"""));
            var acknowledged = await reply.Content.ReadAsStringAsync();
            Assert.Equal(HttpStatusCode.Accepted, reply.StatusCode);
            var parts = Acknowledgement().Match(acknowledged);
            Assert.True(parts.Success, acknowledged);
            await standalone.Management.UntilRecordedAsync("123", 1);

            history = $$"""[{"id":"{{parts.Groups["id"].Value}}","username":"user1","userid":"123","price":50.0,"timestamp":{{parts.Groups["time"].Value}}}]""";
            Assert.Equal(history, await standalone.Shop.GetStringAsync("/api/v1/getAllUserBuys/123"));
            Assert.Equal(history, await standalone.Management.GetStringAsync("/api/v1/purchases/123"));
            Assert.Contains(standalone.Shop.BaseAddress!.Authority, standalone.Output, StringComparison.Ordinal);
            Assert.Contains(standalone.Management.BaseAddress!.Authority, standalone.Output, StringComparison.Ordinal);
            Assert.Contains(_directory, standalone.Output, StringComparison.Ordinal);
            Assert.DoesNotContain("WARNING", standalone.Output, StringComparison.Ordinal);

            Assert.Equal(0, await standalone.StopAsync());
            Assert.Equal("", standalone.Errors);
        }

        await using var again = await StandaloneProcess.StartAsync(_directory);
        Assert.Equal(history, await again.Shop.GetStringAsync("/api/v1/getAllUserBuys/123"));
        Assert.Equal(history, await again.Management.GetStringAsync("/api/v1/purchases/123"));
    }

    [Fact]
    public async Task Key_and_settings_can_come_from_the_environment_or_the_command_line()
    {
        await using var standalone = await StandaloneProcess.StartAsync(_directory, "--Management:ApiKey=s3cret", "--Shopping:BatchSize=7");

        using var reply = await standalone.Management.GetAsync("/api/v1/purchases/123");
        await reply.ProblemAsync(HttpStatusCode.Unauthorized);
        var id = await standalone.Shop.BuyAsync("123");
        await Eventually.TrueAsync(async () => (await standalone.Shop.ReadAllAsync("/api/v1/getAllUserBuys/123")).Contains(id), "it is in the history");
    }

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [GeneratedRegex("""^\{"status":"success","message":"Purchase recorded","data":\{"id":"(?<id>[0-9a-f-]{36})","username":"user1","userid":"123","price":50\.0,"timestamp":(?<time>\d{10}\.\d{6})\}\}$""")]
    private static partial Regex Acknowledgement();
}
