using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using ShoppingSystem.LoadTest;
using ShoppingSystem.Tests.Support;

namespace ShoppingSystem.Tests.LoadTest;

public sealed class LoadTestRunTests
{
    private static readonly TimeSpan Generous = TimeSpan.FromMinutes(1);

    [Fact]
    public async Task Purchases_start_whether_or_not_others_are_answered()
    {
        await using var shop = await FakeShop.StartAsync();
        var allAsked = new TaskCompletionSource();
        shop.OnBuy = async bought =>
        {
            if (bought.Count is 50)
            {
                allAsked.SetResult();
            }

            await allAsked.Task;
            return null;
        };

        var result = await LoadTestRun.RunAsync(Plan(shop, OpenLoad.Steady(500, TimeSpan.FromMilliseconds(100))), new Onlooker());

        Assert.Equal(50, result.Traffic.Acknowledged);
        Assert.Equal(50, result.Traffic.Connections);
        Assert.Equal(0, result.Traffic.Waited);
    }

    [Fact]
    public async Task Latency_counts_from_when_a_purchase_was_due_even_when_it_had_to_wait()
    {
        await using var shop = await FakeShop.StartAsync();
        var stall = TimeSpan.Zero;
        shop.OnBuy = async bought =>
        {
            if (bought.Count is 1)
            {
                var begun = Stopwatch.GetTimestamp();
                await Task.Delay(TimeSpan.FromMilliseconds(1200));
                stall = Stopwatch.GetElapsedTime(begun);
            }

            return null;
        };

        var plan = Plan(shop, OpenLoad.Steady(100, TimeSpan.FromSeconds(1))) with { MaxInFlight = 1 };
        var result = await LoadTestRun.RunAsync(plan, new Onlooker());

        // The first purchase stalls the only connection. Those due in the first half of the stall waited for its second
        // half at least, though they took no time themselves.
        Assert.Equal(100, result.Traffic.Acknowledged);
        Assert.InRange(result.Traffic.Latency.CountAbove(stall / 2), 50, 100);
        Assert.InRange(result.Traffic.Waited, 95, 99);
        Assert.Equal(1, result.Traffic.Connections);
    }

    [Fact]
    public async Task A_purchase_without_a_connection_in_time_is_counted_as_not_sent()
    {
        await using var shop = await FakeShop.StartAsync();
        shop.OnBuy = async _ =>
        {
            await Task.Delay(Timeout.Infinite, shop.Stopping);
            return null;
        };

        var plan = Plan(shop, OpenLoad.Steady(100, TimeSpan.FromSeconds(1))) with { MaxInFlight = 2, Timeout = TimeSpan.FromMilliseconds(200) };
        var result = await LoadTestRun.RunAsync(plan, new Onlooker());

        Assert.Equal(0, result.Traffic.Acknowledged);
        Assert.Equal(2, result.Traffic.Connections);
        Assert.Equal(100, result.Traffic.Failed + result.Traffic.NotSent);
        Assert.Equal(result.Traffic.Failed, result.Traffic.Errors["timeout"]);
        Assert.InRange(result.Traffic.NotSent, 50, 98);
        Assert.InRange(shop.Keys.Count, 0, (int)result.Traffic.Failed);
        Assert.Null(result.Traffic.LatencyOfAll(99));
        Assert.Equal(ExitCode.NothingAcknowledged, ExitCode.Of(result));
    }

    [Fact]
    public async Task Closed_model_buys_again_on_every_connection_as_soon_as_it_is_answered()
    {
        await using var shop = await FakeShop.StartAsync();
        using var stop = new CancellationTokenSource();
        var (asked, most) = (0, 0);
        shop.OnBuy = async bought =>
        {
            most = Math.Max(most, Interlocked.Increment(ref asked));
            await Task.Yield();
            Interlocked.Decrement(ref asked);
            if (bought.Count is 500)
            {
                await stop.CancelAsync();
            }

            return null;
        };

        var result = await LoadTestRun.RunAsync(Plan(shop, new ClosedLoad(4, Generous)), new Onlooker(), stop.Token);

        // The others go on until they hear of the stop, which takes them a moment.
        Assert.InRange(result.Traffic.Acknowledged, 500, 1000);
        Assert.Equal(4, result.Traffic.Connections);
        Assert.InRange(most, 1, 4);
    }

    [Fact]
    public async Task Retries_go_under_the_same_key_until_they_are_acknowledged()
    {
        await using var shop = await FakeShop.StartAsync();
        var refused = new HashSet<string>();
        shop.OnBuy = bought =>
        {
            lock (refused)
            {
                return Task.FromResult(refused.Add(bought.Key) ? Results.StatusCode(bought.Count % 2 is 0 ? 503 : 429) : null);
            }
        };

        var plan = Plan(shop, OpenLoad.Steady(200, TimeSpan.FromMilliseconds(100))) with { RetryFor = Generous, VerifyWithin = Generous };
        var result = await LoadTestRun.RunAsync(plan, new Onlooker());

        Assert.Equal(20, result.Traffic.Acknowledged);
        Assert.Equal(20, result.Traffic.Retries);
        Assert.Equal(20, result.Traffic.Errors.Values.Sum());
        Assert.Equal(0, result.Traffic.Failed);
        Assert.All(shop.Keys.CountBy(key => key), key => Assert.Equal(2, key.Value));
        Assert.True(result.Verification!.Passed);
    }

    [Fact]
    public async Task A_retry_waits_as_long_as_the_server_asks()
    {
        await using var shop = await FakeShop.StartAsync();
        var times = new List<long>();
        shop.OnBuy = _ =>
        {
            times.Add(Stopwatch.GetTimestamp());
            return Task.FromResult(times.Count is 1 ? new RetryLater() : default(IResult));
        };

        var plan = Plan(shop, OpenLoad.Steady(10, TimeSpan.FromMilliseconds(100))) with { RetryFor = Generous };
        await LoadTestRun.RunAsync(plan, new Onlooker());

        Assert.Equal(2, times.Count);
        Assert.True(Stopwatch.GetElapsedTime(times[0], times[1]) >= TimeSpan.FromSeconds(1));
    }

    [Fact]
    public async Task Without_retry_a_failed_purchase_is_sent_once()
    {
        await using var shop = await FakeShop.StartAsync();
        shop.OnBuy = bought => Task.FromResult(bought.Count % 2 is 0 ? Results.StatusCode(503) : null);

        var result = await LoadTestRun.RunAsync(Plan(shop, OpenLoad.Steady(200, TimeSpan.FromMilliseconds(100))), new Onlooker());

        Assert.Equal((10, 10, 20), (result.Traffic.Acknowledged, result.Traffic.Failed, shop.Keys.Distinct().Count()));
        Assert.Equal(20, shop.Keys.Count);
    }

    [Fact]
    public async Task A_refusal_that_will_not_change_is_not_retried()
    {
        await using var shop = await FakeShop.StartAsync();
        shop.OnBuy = _ => Task.FromResult<IResult?>(Results.BadRequest());

        var plan = Plan(shop, OpenLoad.Steady(100, TimeSpan.FromMilliseconds(100))) with { RetryFor = Generous };
        var result = await LoadTestRun.RunAsync(plan, new Onlooker());

        Assert.Equal(10, result.Traffic.Errors["HTTP 400"]);
        Assert.Equal(10, shop.Keys.Count);
    }

    [Fact]
    public async Task Lost_connections_are_counted_and_retried()
    {
        await using var shop = await FakeShop.StartAsync();
        shop.OnBuy = bought => Task.FromResult<IResult?>(bought.Count <= 5 ? new HangUp() : null);

        var plan = Plan(shop, OpenLoad.Steady(100, TimeSpan.FromMilliseconds(200))) with { RetryFor = Generous };
        var result = await LoadTestRun.RunAsync(plan, new Onlooker());

        Assert.Equal(20, result.Traffic.Acknowledged);
        Assert.Equal(5, result.Traffic.Errors["connection lost"]);
        Assert.Equal(5, result.Traffic.Retries);
    }

    [Fact]
    public async Task Refused_connections_are_counted_by_reason()
    {
        // Bound but not listening: nobody else gets the port, and connections to it are refused.
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));

        var result = await LoadTestRun.RunAsync(
            new LoadPlan { Url = new Uri($"http://{socket.LocalEndPoint}/"), Load = OpenLoad.Steady(100, TimeSpan.FromMilliseconds(100)) }, new Onlooker());

        Assert.Equal(10, result.Traffic.Errors["connection refused"]);
        Assert.NotNull(result.Lag!.Problem);
        Assert.Equal(ExitCode.NothingAcknowledged, ExitCode.Of(result));
    }

    [Fact]
    public async Task A_run_stopped_early_finishes_open_purchases_and_still_verifies()
    {
        await using var shop = await FakeShop.StartAsync();
        using var stop = new CancellationTokenSource();
        shop.OnBuy = async bought =>
        {
            if (bought.Count is 30)
            {
                await stop.CancelAsync();
            }

            return null;
        };

        var plan = Plan(shop, OpenLoad.Steady(200, TimeSpan.FromHours(1))) with { VerifyWithin = Generous };
        var result = await LoadTestRun.RunAsync(plan, new Onlooker(), stop.Token);

        Assert.True(result.Stopped);
        Assert.Equal(shop.Keys.Count, result.Traffic.Acknowledged);
        Assert.Equal(result.Traffic.Acknowledged, result.Verification!.Found);
        Assert.Equal(0, result.Traffic.InFlight);
    }

    [Fact]
    public async Task An_aborted_run_gives_up_open_purchases()
    {
        await using var shop = await FakeShop.StartAsync();
        using var stop = new CancellationTokenSource();
        using var abort = new CancellationTokenSource();
        shop.OnBuy = async _ =>
        {
            await stop.CancelAsync();
            await abort.CancelAsync();
            await Task.Delay(Timeout.Infinite, shop.Stopping);
            return null;
        };

        var plan = Plan(shop, OpenLoad.Steady(10, TimeSpan.FromHours(1))) with { Timeout = TimeSpan.FromHours(1) };
        var result = await LoadTestRun.RunAsync(plan, new Onlooker(), stop.Token, abort.Token);

        Assert.Equal(0, result.Traffic.Acknowledged);
        Assert.True(result.Traffic.Errors.ContainsKey("timeout"));
    }

    [Fact]
    public async Task Warm_up_is_verified_but_not_measured()
    {
        await using var shop = await FakeShop.StartAsync();

        var plan = Plan(shop, OpenLoad.Steady(100, TimeSpan.FromMilliseconds(200))) with
        {
            WarmUp = TimeSpan.FromMilliseconds(300),
            VerifyWithin = Generous,
        };
        var result = await LoadTestRun.RunAsync(plan, new Onlooker());

        Assert.Equal(20, result.Traffic.Acknowledged);
        Assert.Equal(50, result.Verification!.Found);
    }

    [Fact]
    public async Task Search_ends_at_the_rate_where_purchases_start_to_fail()
    {
        await using var shop = await FakeShop.StartAsync();

        // How many requests a step makes tells its rate: 50 ms at 400/s are 20.
        var observer = new Onlooker();
        shop.OnBuy = bought => Task.FromResult(StepOf(shop, bought) > 20 ? Results.StatusCode(503) : null);

        var step = TimeSpan.FromMilliseconds(50);
        var plan = Plan(shop, OpenLoad.Steady(100, step)) with { Search = new SearchPlan(100, Generous, TimeSpan.Zero, step) };
        var result = await LoadTestRun.RunAsync(plan, observer);

        Assert.InRange(result.HighestRate!.Value, 380, 420);
        Assert.Equal(result.Steps, observer.Tried);
        Assert.Contains(result.Steps, tried => !tried.Passed && tried.Rate is 800);
        Assert.Equal(ExitCode.Ok, ExitCode.Of(result));

        int StepOf(FakeShop shop, Bought bought) => bought.Count - observer.Tried.Sum(tried => (int)tried.Figures.Decided);
    }

    [Fact]
    public async Task Search_fails_a_rate_that_is_not_recorded_in_time_and_waits_until_it_is()
    {
        await using var shop = await FakeShop.StartAsync();
        using var stop = new CancellationTokenSource();
        var observer = new Onlooker();
        var held = new ConcurrentQueue<Entry>();
        var (isBehind, boughtWhileBehind) = (true, false);
        shop.Record = entry =>
        {
            if (!Volatile.Read(ref isBehind))
            {
                return [entry];
            }

            held.Enqueue(entry);
            return [];
        };
        shop.OnBuy = _ =>
        {
            if (observer.Tried.Count > 0)
            {
                boughtWhileBehind |= Volatile.Read(ref isBehind);
                stop.Cancel();
            }

            return Task.FromResult<IResult?>(null);
        };

        var plan = Plan(shop, OpenLoad.Steady(10, Generous)) with
        {
            MeasureLag = true,
            Search = new SearchPlan(10, Generous, TimeSpan.Zero, Generous, TimeSpan.FromMilliseconds(200)),
        };
        var running = LoadTestRun.RunAsync(plan, observer, stop.Token);
        await Eventually.TrueAsync(() => observer.Tried.Count > 0, "a rate is tried");
        await Task.Delay(500); // for purchases that should not come
        Volatile.Write(ref isBehind, false);
        shop.RecordNow(held);
        var result = await running;

        Assert.False(boughtWhileBehind);
        Assert.Null(result.HighestRate);
        var tried = Assert.Single(result.Steps);
        Assert.False(tried.Passed);
        Assert.Equal(0, tried.Figures.Failed + tried.Figures.NotSent);
        Assert.InRange(tried.Lag!.Value, TimeSpan.FromMilliseconds(200), Generous);
    }

    [Fact]
    public async Task Measures_the_recording_lag_as_a_customer_sees_it()
    {
        await using var shop = await FakeShop.StartAsync();
        using var stop = new CancellationTokenSource();
        var reads = 0;
        shop.OnHistory = user =>
        {
            // The third look is for a purchase after the first, which has been found by then.
            if (user.EndsWith("lag-probe", StringComparison.Ordinal) && Interlocked.Increment(ref reads) is 3)
            {
                stop.Cancel();
            }
        };

        var plan = Plan(shop, OpenLoad.Steady(10, Generous)) with { MeasureLag = true };
        var result = await LoadTestRun.RunAsync(plan, new Onlooker(), stop.Token);

        Assert.Null(result.Lag!.Problem);
        Assert.InRange(result.Lag.Lag.Count, 1, long.MaxValue);
    }

    [Fact]
    public async Task Real_shop_killed_in_the_middle_loses_nothing_that_was_acknowledged()
    {
        var data = StandaloneProcess.NewDataDirectory();
        try
        {
            var shop = await StandaloneProcess.StartAsync(data);
            await using var _ = shop;
            using var stop = new CancellationTokenSource();
            var plan = new LoadPlan
            {
                Url = shop.Shop.BaseAddress!,
                Load = OpenLoad.Steady(100, TimeSpan.FromHours(1)),
                Users = 10,
                Timeout = Generous,
                RetryFor = TimeSpan.FromMinutes(5),
                VerifyWithin = TimeSpan.FromMinutes(5),
            };
            var observer = new Counter();
            var run = LoadTestRun.RunAsync(plan, observer, stop.Token);

            await Eventually.TrueAsync(() => observer.Acknowledged > 100, "a hundred purchases");
            await shop.KillAsync();
            await using var again = await shop.StartAgainAsync();
            var before = observer.Acknowledged;
            await Eventually.TrueAsync(() => observer.Acknowledged > before + 100, "a hundred more after the restart");
            await stop.CancelAsync();
            var result = await run;

            Assert.True(result.Verification is { Passed: true, Complete: true }, string.Join('\n', result.Verification!.Examples));
            Assert.Equal(result.Traffic.Acknowledged, result.Verification.Found);
        }
        finally
        {
            Directory.Delete(data, recursive: true);
        }
    }

    [Fact]
    public async Task Seconds_add_up_to_the_whole_and_only_the_one_in_which_the_load_ended_is_not_whole()
    {
        await using var shop = await FakeShop.StartAsync();
        // The last purchase is due before the load ends, and answered after it.
        shop.OnBuy = async bought =>
        {
            await Task.Delay(TimeSpan.FromMilliseconds(300));
            return bought.Count % 10 is 0 ? Results.StatusCode(503) : null;
        };
        var load = OpenLoad.Steady(50, TimeSpan.FromSeconds(1.5));

        var result = await LoadTestRun.RunAsync(Plan(shop, load), new Onlooker());

        Assert.NotEmpty(result.Samples);
        Assert.Equal(result.Traffic.Acknowledged, result.Samples.Sum(sample => sample.AcknowledgedPerSecond * sample.Length.TotalSeconds), 0.001);
        Assert.Equal(result.Traffic.Failed, result.Samples.Sum(sample => sample.FailedPerSecond * sample.Length.TotalSeconds), 0.001);
        Assert.Equal(result.Traffic.Errors["HTTP 503"], result.Samples.Sum(sample => sample.Errors.GetValueOrDefault("HTTP 503")));
        Assert.All(result.Samples, sample => Assert.Equal(sample.At <= load.Duration, sample.Whole));
        Assert.False(result.Samples[^1].Whole);
    }

    [Fact]
    public async Task Json_report_says_what_was_found()
    {
        await using var shop = await FakeShop.StartAsync();
        shop.OnBuy = bought => Task.FromResult(bought.Count is 7 ? Results.StatusCode(503) : null);
        // The first that is recorded; the third that is due may be the one that is refused.
        var recorded = 0;
        shop.Record = entry => entry.Number >= 0 && Interlocked.Increment(ref recorded) == 1 ? [entry, entry] : [entry];
        var plan = Plan(shop, OpenLoad.Steady(200, TimeSpan.FromMilliseconds(100))) with { VerifyWithin = Generous };
        var result = await LoadTestRun.RunAsync(plan, new Onlooker());

        var file = Path.GetTempFileName();
        try
        {
            await JsonReport.WriteAsync(file, ReportDocument.From(result, []));
            using var report = JsonDocument.Parse(await File.ReadAllBytesAsync(file));
            var root = report.RootElement;
            Assert.Equal(result.RunId, root.GetProperty("runId").GetString());
            var purchases = root.GetProperty("purchases");
            Assert.Equal(19, purchases.GetProperty("acknowledged").GetInt64());
            Assert.Equal(1, purchases.GetProperty("failed").GetInt64());
            Assert.Equal(1, purchases.GetProperty("errors").GetProperty("HTTP 503").GetInt64());
            Assert.Equal(
                result.Traffic.Latency.Percentile(99.99).TotalMilliseconds,
                purchases.GetProperty("latencyMs").GetProperty("p99.99").GetDouble());
            Assert.Equal(1, root.GetProperty("verification").GetProperty("doubled").GetInt64());
            Assert.False(root.GetProperty("verification").GetProperty("passed").GetBoolean());
            Assert.Equal(JsonValueKind.Null, root.GetProperty("search").ValueKind);
        }
        finally
        {
            File.Delete(file);
        }
    }

    private static LoadPlan Plan(FakeShop shop, Load load) =>
        new() { Url = shop.Url, Load = load, Timeout = Generous, MeasureLag = false };

    private sealed class Counter : ILoadTestObserver
    {
        private long _acknowledged;

        public long Acknowledged => Interlocked.Read(ref _acknowledged);

        public void Progress(LoadProgress progress) => Interlocked.Exchange(ref _acknowledged, progress.Figures.Acknowledged);

        public void RateTried(SearchStep tried)
        {
        }

        public void Verifying(int done, int users)
        {
        }
    }

    private sealed class RetryLater : IResult
    {
        public Task ExecuteAsync(HttpContext httpContext)
        {
            httpContext.Response.Headers.RetryAfter = "1";
            httpContext.Response.StatusCode = 503;
            return Task.CompletedTask;
        }
    }

    private sealed class HangUp : IResult
    {
        public Task ExecuteAsync(HttpContext httpContext)
        {
            httpContext.Abort();
            return Task.CompletedTask;
        }
    }
}
