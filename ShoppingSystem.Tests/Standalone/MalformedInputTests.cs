using System.Collections.Concurrent;
using System.Globalization;
using System.Text;
using System.Text.Json;
using ShoppingSystem.Tests.Support;
using Xunit.Abstractions;

namespace ShoppingSystem.Tests.Standalone;

public sealed class MalformedInputTests(ITestOutputHelper output) : IDisposable
{
    private const int Requests = 2500;
    private const int AtATime = 8;
    private readonly string _directory = StandaloneProcess.NewDataDirectory();

    [Fact]
    public async Task No_input_gives_a_server_error_and_the_process_goes_on()
    {
        var seed = Seed.Next();
        output.WriteLine($"seed {seed}");
        await LogSeed.WriteAsync(_directory, [.. Enumerable.Range(0, 50).Select(i => Encoding.UTF8.GetBytes($"bad event {i}"))]);
        await using var standalone = await StandaloneProcess.StartAsync(_directory);
        var before = await standalone.Shop.BuyAsync("before");
        await standalone.Management.UntilRecordedAsync("before", 1);
        using var letters = JsonDocument.Parse(await standalone.Management.GetStringAsync("/api/v1/dead-letters"));
        var generator = new MalformedRequests(seed, [.. letters.RootElement.EnumerateArray().Select(letter => letter.GetProperty("id").GetGuid())]);
        var requests = Enumerable.Range(0, Requests).Select(_ => generator.Next()).ToList();

        var statuses = new ConcurrentDictionary<string, int>();
        var failures = new ConcurrentQueue<string>();
        await Parallel.ForEachAsync(Enumerable.Range(0, Requests), new ParallelOptions { MaxDegreeOfParallelism = AtATime }, async (i, _) =>
        {
            var (bytes, oddVersion) = requests[i];
            var shop = i % 3 != 0;
            var server = (shop ? standalone.Shop : standalone.Management).BaseAddress!;
            var reply = await RawHttp.SendAsync(server, bytes, TimeSpan.FromMilliseconds(50));
            var status = reply.StartsWith("HTTP/1.1 ", StringComparison.Ordinal) && reply.Length > 12 ? reply[9..12] : "none";
            statuses.AddOrUpdate(status, 1, (_, count) => count + 1);

            // 505 is the right answer to a version of HTTP that is not known.
            if (status[0] == '5' && !(status is "505" && oddVersion))
            {
                failures.Enqueue($"request {i} of seed {seed} to {(shop ? "shop" : "management")}: {reply.Split('\r')[0]}\n{Show(bytes)}\n");
            }
        });

        output.WriteLine(string.Join(", ", statuses.OrderBy(status => status.Key).Select(status => string.Create(CultureInfo.InvariantCulture, $"{status.Key}: {status.Value}"))));
        Assert.True(failures.IsEmpty, $"{failures.Count} server errors, such as:\n{string.Join('\n', failures.Take(5))}");
        Assert.DoesNotContain(statuses, status => status.Key is "none" && status.Value > Requests / 2);
        Assert.True(statuses.ContainsKey("202") && statuses.ContainsKey("200") && statuses.ContainsKey("400"), "the generator makes nothing that gets far");

        Assert.False(standalone.HasExited);
        var after = await standalone.Shop.BuyAsync("before");
        await standalone.Management.UntilRecordedAsync("before", 2);
        Assert.Equal([after, before], await standalone.Shop.ReadAllAsync("/api/v1/getAllUserBuys/before"));
        Assert.DoesNotContain("Unhandled", standalone.Output, StringComparison.Ordinal);
        Assert.Equal(0, await standalone.StopAsync());
    }

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    private static string Show(byte[] request) => Encoding.Latin1.GetString(request.Length > 1500 ? [.. request[..1500], .. "…"u8] : request);
}
