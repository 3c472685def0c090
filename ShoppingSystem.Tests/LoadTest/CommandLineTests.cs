using ShoppingSystem.LoadTest;

namespace ShoppingSystem.Tests.LoadTest;

public sealed class CommandLineTests
{
    [Theory]
    [InlineData("--url", "localhost:8081")]
    [InlineData("--url", "ftp://localhost")]
    [InlineData("--rate", "0")]
    [InlineData("--rate", "-5")]
    [InlineData("--rate", "fast")]
    [InlineData("--rate", "NaN")]
    [InlineData("--duration", "60")]
    [InlineData("--duration", "0s")]
    [InlineData("--users", "0")]
    [InlineData("--users", "1.5")]
    [InlineData("--connections", "0")]
    [InlineData("--max-in-flight", "0")]
    [InlineData("--timeout", "soon")]
    [InlineData("--shape", "square")]
    [InlineData("--user-prefix", "a b")]
    [InlineData("--user-prefix", "ä")]
    [InlineData("--verify", "later")]
    [InlineData("--retry", "0s")]
    [InlineData("--p99", "100")]
    [InlineData("--max-lag", "0s")]
    [InlineData("--json", "no/such/directory/result.json")]
    [InlineData("--html", "no/such/directory/report.html")]
    public async Task An_invalid_value_is_refused_with_its_option_named(string option, string value)
    {
        var (exitCode, _, _, errors) = await InvokeAsync(option, value);

        Assert.Equal(ExitCode.Usage, exitCode);
        Assert.Contains(option, errors, StringComparison.Ordinal);
        Assert.Contains(value, errors, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--rate", "--connections 4 --rate 100")]
    [InlineData("--shape", "--connections 4 --shape ramp")]
    [InlineData("--max-in-flight", "--connections 4 --max-in-flight 10")]
    [InlineData("--ramp-time", "--rate 100 --ramp-time 10s")]
    [InlineData("--ramp-time", "--shape ramp --ramp-time 60s --duration 30s")]
    [InlineData("--from-rate", "--rate 100 --from-rate 10")]
    [InlineData("--burst-rate", "--shape ramp --burst-rate 10")]
    [InlineData("--burst-length", "--shape burst --burst-length 40s")]
    [InlineData("--burst-every", "--shape burst --burst-every 4s")]
    [InlineData("--p99", "--rate 100 --p99 50ms")]
    [InlineData("--max-lag", "--rate 100 --max-lag 1s")]
    [InlineData("--max-lag", "--rate max --max-lag 1s --no-lag")]
    [InlineData("--shape", "--rate max --shape burst")]
    [InlineData("--nonsense", "--nonsense")]
    [InlineData("--rate", "--rate")]
    public async Task A_conflicting_option_is_refused_and_named(string option, string args)
    {
        var (exitCode, options, _, errors) = await InvokeAsync(args.Split(' '));

        Assert.Equal(ExitCode.Usage, exitCode);
        Assert.Null(options);
        Assert.Contains(option, errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Without_arguments_it_buys_a_hundred_a_second_for_half_a_minute()
    {
        var (_, options, _, _) = await InvokeAsync();

        var plan = options!.Plan;
        Assert.Equal(new Uri("http://localhost:8081/"), plan.Url);
        Assert.Equal((3000, TimeSpan.FromSeconds(30)), (Assert.IsType<OpenLoad>(plan.Load).Count, plan.Load.Duration));
        Assert.Equal((100, 1000, TimeSpan.FromSeconds(20)), (plan.Users, plan.MaxInFlight, plan.Timeout));
        Assert.Null(plan.Search);
        Assert.Null(plan.RetryFor);
        Assert.Null(plan.VerifyWithin);
        Assert.True(plan.MeasureLag);
    }

    [Fact]
    public async Task Retry_and_verify_accept_an_optional_time()
    {
        var (_, bare, _, _) = await InvokeAsync("--retry", "--verify", "--no-lag");
        var (_, timed, _, _) = await InvokeAsync("--retry", "5s", "--verify", "2m", "--json", "out.json");

        Assert.Equal((TimeSpan.FromSeconds(60), TimeSpan.FromSeconds(60)), (bare!.Plan.RetryFor, bare.Plan.VerifyWithin));
        Assert.Equal((TimeSpan.FromSeconds(5), TimeSpan.FromMinutes(2)), (timed!.Plan.RetryFor, timed.Plan.VerifyWithin));
        Assert.Equal(("out.json", false), (timed.JsonFile, bare.Plan.MeasureLag));
    }

    [Fact]
    public async Task The_option_rate_max_starts_a_rate_search()
    {
        var (_, options, _, _) = await InvokeAsync("--rate", "max", "--p99", "50ms", "--from-rate", "400", "--duration", "5s", "--warm-up", "1s");
        var (_, withLag, _, _) = await InvokeAsync("--rate", "max", "--max-lag", "2s");

        Assert.Equal(
            new SearchPlan(400, TimeSpan.FromMilliseconds(50), TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(5)), options!.Plan.Search);
        Assert.Equal(TimeSpan.FromSeconds(2), withLag!.Plan.Search!.MaxLag);
    }

    [Fact]
    public async Task Makes_the_shape_that_was_asked_for()
    {
        var (_, ramp, _, _) = await InvokeAsync("--shape", "ramp", "--rate", "100", "--ramp-time", "10s", "--duration", "20s");
        var (_, burst, _, _) = await InvokeAsync(
            "--shape", "burst", "--rate", "10", "--burst-rate", "100", "--burst-every", "10s", "--burst-length", "1s", "--duration", "20s");
        var (_, closed, _, _) = await InvokeAsync("--connections", "64", "--duration", "1m");

        Assert.Equal(1500, Assert.IsType<OpenLoad>(ramp!.Plan.Load).Count);
        Assert.Equal(2 * (90 + 100), Assert.IsType<OpenLoad>(burst!.Plan.Load).Count);
        Assert.Equal(new ClosedLoad(64, TimeSpan.FromMinutes(1)), closed!.Plan.Load);
    }

    [Fact]
    public async Task Help_shows_examples_and_exit_codes()
    {
        var (exitCode, options, output, _) = await InvokeAsync("--help");

        Assert.Equal(0, exitCode);
        Assert.Null(options);
        Assert.Contains("--rate 2000 --duration 60s --users 500 --verify", output, StringComparison.Ordinal);
        Assert.Contains("Exit codes", output, StringComparison.Ordinal);
    }

    internal static async Task<(int ExitCode, LoadTestOptions? Options, string Output, string Errors)> InvokeAsync(params string[] args)
    {
        LoadTestOptions? taken = null;
        using var output = new StringWriter();
        using var errors = new StringWriter();
        var exitCode = await CommandLine.InvokeAsync(
            args,
            options =>
            {
                taken = options;
                return Task.FromResult(0);
            },
            output,
            errors);
        return (exitCode, taken, output.ToString(), errors.ToString());
    }
}
