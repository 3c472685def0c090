using System.Collections.Concurrent;
using System.Globalization;
using System.Text;
using System.Text.Json;
using ShoppingSystem.Tests.Support;

namespace ShoppingSystem.Tests.Standalone;

/// <summary>
/// Requests with everything wrong that can be, over every route of both services: 10,000, or 100,000 with
/// <c>SHOPPING_TEST_LONG=true</c>. The seed is printed; <c>SHOPPING_TEST_SEED</c> makes the same requests again.
/// </summary>
public sealed class MalformedInputTests(ITestOutputHelper output) : IDisposable
{
    // How much more of the machine's memory the process may take after the last request than after the first tenth.
    private const long MayGrow = 128 * 1024 * 1024;
    private static readonly int Requests = LongRun.Or(10_000, 100_000);
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
        var statuses = new ConcurrentDictionary<string, int>();
        var failures = new ConcurrentQueue<string>();
        await SendAsync(Requests / 10);
        var memory = standalone.WorkingSet;
        await SendAsync(Requests - Requests / 10);

        async Task SendAsync(int count)
        {
            var requests = Enumerable.Range(0, count).Select(_ => generator.Next());
            await Parallel.ForEachAsync(requests.Select((request, i) => (request, i)), new ParallelOptions { MaxDegreeOfParallelism = AtATime }, async (next, _) =>
            {
                var ((bytes, oddVersion), i) = next;
                var shop = i % 3 != 0;
                var server = (shop ? standalone.Shop : standalone.Management).BaseAddress!;
                var reply = await RawHttp.SendAsync(server, bytes, TimeSpan.FromMilliseconds(50));
                statuses.AddOrUpdate(Status(reply), 1, (_, number) => number + 1);
                if (Complaint(reply, bytes, oddVersion) is { } complaint)
                {
                    failures.Enqueue($"request {i} of {count} of seed {seed} to {(shop ? "shop" : "management")}: {complaint}\n{Show(Encoding.Latin1.GetBytes(reply))}\n-- to --\n{Show(bytes)}\n");
                }
            });
        }

        output.WriteLine(string.Join(", ", statuses.OrderBy(status => status.Key).Select(status => string.Create(CultureInfo.InvariantCulture, $"{status.Key}: {status.Value}"))));
        Assert.True(failures.IsEmpty, $"{failures.Count} answers are not as they should be, such as:\n{string.Join('\n', failures.Take(5))}");
        Assert.DoesNotContain(statuses, status => status.Key is "none" && status.Value > Requests / 2);
        Assert.True(statuses.ContainsKey("202") && statuses.ContainsKey("200") && statuses.ContainsKey("400"), "the generator makes nothing that gets far");

        Assert.False(standalone.HasExited);
        await Eventually.TrueAsync(() => standalone.WorkingSet <= memory + MayGrow, $"it takes no more than {MayGrow:N0} bytes more than {memory:N0}");
        output.WriteLine(
            $"seed {seed}: {Requests} requests, {failures.Count} bad answers, 0 server errors but {statuses.GetValueOrDefault("505")} x 505 to unknown versions of HTTP; "
            + $"working set {memory >> 20} MiB after a tenth, {standalone.WorkingSet >> 20} MiB at the end");
        var after = await standalone.Shop.BuyAsync("before");
        await standalone.Management.UntilRecordedAsync("before", 2);
        Assert.Equal([after, before], await standalone.Shop.ReadAllAsync("/api/v1/getAllUserBuys/before"));
        Assert.DoesNotContain("Unhandled", standalone.Output, StringComparison.Ordinal);
        Assert.Equal(0, await standalone.StopAsync());
    }

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    private static string Status(string reply) =>
        reply.StartsWith("HTTP/1.1 ", StringComparison.Ordinal) && reply.Length > 12 ? reply[9..12] : "none";

    /// <summary>What is wrong with an answer; null when nothing is.</summary>
    private static string? Complaint(string reply, byte[] request, bool oddVersion)
    {
        var status = Status(reply);
        if (status is "none")
        {
            return null;
        }

        var end = reply.IndexOf("\r\n\r\n", StringComparison.Ordinal);
        var (head, body) = end < 0 ? (reply, "") : (reply[..end], reply[(end + 4)..]);
        if (head.Contains("\r\nContent-Type: text/html", StringComparison.OrdinalIgnoreCase) && body.Contains(MalformedRequests.Marker, StringComparison.OrdinalIgnoreCase))
        {
            return "the page contains what was sent";
        }

        // 505 is the right answer to a version of HTTP that is not known.
        if (status[0] == '5' && !(status is "505" && oddVersion))
        {
            return "server error";
        }

        if (status[0] is not ('4' or '5') || request.AsSpan().StartsWith("HEAD "u8))
        {
            return null;
        }

        if (head.Contains("\r\nContent-Type: application/problem+json", StringComparison.OrdinalIgnoreCase))
        {
            return null;
        }

        // What is not even HTTP is refused before there is anything of ours, and without a word.
        return body.Length == 0 && !head.Contains("\r\nX-Content-Type-Options: ", StringComparison.OrdinalIgnoreCase) ? null : "no problem+json";
    }

    private static string Show(byte[] request) => Encoding.Latin1.GetString(request.Length > 1500 ? [.. request[..1500], .. "…"u8] : request);
}
