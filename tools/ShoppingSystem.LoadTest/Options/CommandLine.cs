using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using static ShoppingSystem.LoadTest.CommandLineParts;

namespace ShoppingSystem.LoadTest;

/// <summary>What the command line asked for.</summary>
/// <param name="Plan">The load test.</param>
/// <param name="Arguments">The command line itself.</param>
/// <param name="JsonFile">Where to write the result as JSON; null for nowhere.</param>
/// <param name="HtmlFile">Where to write it as a page; null for nowhere.</param>
/// <param name="Baseline">An earlier result, which the page shows beside this one; null for none.</param>
/// <param name="Open">Whether to show the page afterwards.</param>
internal sealed record LoadTestOptions(
    LoadPlan Plan, IReadOnlyList<string> Arguments, string? JsonFile, string? HtmlFile, ReportDocument? Baseline, bool Open);

/// <summary>The command line: its options, their valid combinations, and its help.</summary>
internal sealed class CommandLine
{
    private const string Examples = """
        Examples:
          Two thousand purchases per second for a minute; then prove that each is recorded exactly once:
            loadtest --rate 2000 --duration 60s --users 500 --verify
          The highest rate at which 99 % are acknowledged within 100 ms:
            loadtest --rate max --p99 100ms
          The highest rate that is recorded as fast as it is acknowledged:
            loadtest --rate max --max-lag 1s
          From 0 to 5000 per second in three minutes, then two more at that rate, to watch autoscaling:
            loadtest --shape ramp --rate 5000 --ramp-time 3m --duration 5m
          Bursts of 4000 per second, ten seconds long, once a minute:
            loadtest --shape burst --rate 200 --burst-rate 4000 --burst-every 60s --burst-length 10s --duration 10m
          Lose nothing while servers are killed and come back:
            loadtest --rate 500 --duration 2m --retry --verify
          As fast as 64 connections can, to compare two servers:
            loadtest --connections 64 --duration 30s --warm-up 5s --no-lag --json result.json
          The same after a change, as a page with charts, beside what it was before:
            loadtest --connections 64 --duration 30s --warm-up 5s --no-lag --html report.html --baseline result.json

        Rates are purchases per second. Durations are like 500ms, 60s, 5m, 1h.
        Ctrl-C ends the load early and still verifies and reports; a second Ctrl-C skips the rest of that, too.

        Exit codes:
          0  done, and everything asked for holds
          1  a purchase was lost, doubled or altered, or is recorded though nobody bought it
          2  the command line is wrong
          3  not one purchase was acknowledged
          4  not every history could be read, so nothing is proven
          5  --rate max found no rate that keeps within --p99 and --max-lag
        """;

    private static readonly TimeSpan DefaultDuration = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan DefaultStep = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan DefaultBurstEvery = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan DefaultBurstLength = TimeSpan.FromSeconds(5);

    private readonly Option<Uri> _url = new("--url")
    {
        Description = "The web server",
        HelpName = "url",
        DefaultValueFactory = _ => new Uri("http://localhost:8081"),
        CustomParser = ParseUrl,
    };

    private readonly Option<double> _rate = new("--rate")
    {
        Description = "Open model: purchases that start per second, whatever the replies do; or max, to find the highest rate that keeps within --p99 and --max-lag",
        HelpName = "rate|max",
        DefaultValueFactory = _ => 100,
        CustomParser = result => result.Tokens[0].Value is "max" ? double.PositiveInfinity : ParseRate(result),
    };

    private readonly Option<int> _connections = WholeNumber(
        "--connections", "Closed model instead: so many connections, each of which buys again as soon as it is answered", 1, 20_000);

    private readonly Option<TimeSpan> _duration = DurationOption(
        "--duration", "How long purchases start; of a search, how long each rate is measured [default: 30s; 10s with --rate max]");

    private readonly Option<TimeSpan> _warmUp = DurationOption(
        "--warm-up", "How long the load is on before figures are taken [default: none; 3s with --rate max, before each rate]", mayBeZero: true);

    private readonly Option<int> _users = WholeNumber("--users", "How many users buy [default: 100]", 1, 1_000_000);

    private readonly Option<string> _userPrefix = new("--user-prefix")
    {
        Description = "What user ids begin with; the id of the run and a number follow",
        HelpName = "text",
        DefaultValueFactory = _ => "load",
        CustomParser = ParsePrefix,
    };

    private readonly Option<LoadShape> _shape = new("--shape")
    {
        Description = "steady: the same rate all the time; ramp: from --from-rate up to --rate in --ramp-time, then that; burst: --rate, and --burst-rate for --burst-length out of every --burst-every [default: steady]",
        HelpName = "steady|ramp|burst",
        CustomParser = ParseShape,
    };

    private readonly Option<double> _fromRate = new("--from-rate")
    {
        Description = "The rate a ramp begins with [default: 0], or a search [default: 100]",
        HelpName = "rate",
        CustomParser = ParseRate,
    };

    private readonly Option<TimeSpan> _rampTime = DurationOption("--ramp-time", "How long the ramp takes [default: the whole duration]");

    private readonly Option<double> _burstRate = new("--burst-rate")
    {
        Description = "The rate in a burst [default: ten times --rate]",
        HelpName = "rate",
        CustomParser = ParseRate,
    };

    private readonly Option<TimeSpan> _burstEvery = DurationOption("--burst-every", "From one burst to the next [default: 30s]");

    private readonly Option<TimeSpan> _burstLength = DurationOption("--burst-length", "How long a burst lasts, at the end of its period [default: 5s]");

    private readonly Option<TimeSpan> _p99 = DurationOption(
        "--p99", "With --rate max: 99 % of the purchases must be acknowledged within this time, failed ones counting as too late [default: 100ms]");

    private readonly Option<TimeSpan> _maxLag = DurationOption(
        "--max-lag", "With --rate max: no purchase of the lag's measurement may take longer than this from its acknowledgement until it is in the history [default: no limit]");

    private readonly Option<int> _maxInFlight = WholeNumber(
        "--max-in-flight", "Open model: the most purchases under way at a time, each on its own connection. What is due beyond that waits, counted, its latency running, and counts as not sent after --timeout [default: 1000]", 1, 20_000);

    private readonly Option<TimeSpan> _timeout = DurationOption("--timeout", "How long a reply may take; a purchase over Kafka has 15s [default: 20s]");

    private readonly Option<TimeSpan> _retry = DurationWithDefault(
        "--retry", "Try failed purchases (408, 429, 502 to 504, timeout, lost connection) again under the same idempotency key, with growing pauses and not before Retry-After, for so long [60s]", TimeSpan.FromSeconds(60));

    private readonly Option<TimeSpan> _verify = DurationWithDefault(
        "--verify", "Afterwards, wait up to this long for the recorder [60s], and prove from every user's history that each acknowledged purchase is there exactly once", TimeSpan.FromSeconds(60));

    private readonly Option<bool> _noLag = new("--no-lag")
    {
        Description = "Do not measure the recording lag (two purchases per second by one more user, each looked for in the history)",
    };

    private readonly Option<string> _json = FileToWrite("--json", "Write the result to this file, too");

    private readonly Option<string> _html = FileToWrite("--html", "Write the result to this file as a page with charts, too; it needs no other file");

    private readonly Option<ReportDocument> _baseline = new("--baseline")
    {
        Description = "With --html: show this earlier result, which --json wrote, beside the new one",
        HelpName = "file",
        CustomParser = ParseBaseline,
    };

    private readonly Option<bool> _open = new("--open")
    {
        Description = "With --html: show the page in the browser when it is done",
    };

    private readonly RootCommand _root;

    private CommandLine(string[] args, Func<LoadTestOptions, Task<int>> run)
    {
        _root = new("Buys on schedule, measures how long it takes, and proves that every acknowledged purchase is recorded exactly once.")
        {
            _url, _rate, _connections, _duration, _warmUp, _users, _userPrefix,
            _shape, _fromRate, _rampTime, _burstRate, _burstEvery, _burstLength, _p99, _maxLag,
            _maxInFlight, _timeout, _retry, _verify, _noLag, _json, _html, _baseline, _open,
        };
        _root.SetAction(parsed => run(new LoadTestOptions(
            PlanOf(parsed), args, parsed.GetValue(_json), parsed.GetValue(_html), parsed.GetValue(_baseline), parsed.GetValue(_open))));
        _root.ShowExamples(Examples);
    }

    /// <summary>Reads the command line and runs what it asks for.</summary>
    /// <returns>The exit code; <see cref="ExitCode.Usage"/> when the command line is wrong.</returns>
    public static async Task<int> InvokeAsync(
        string[] args, Func<LoadTestOptions, Task<int>> run, TextWriter output, TextWriter errors)
    {
        var commandLine = new CommandLine(args, run);
        var parsed = commandLine._root.Parse(args);
        if (parsed.Action is not HelpWithExamples && commandLine.ProblemsOf(parsed) is { Count: > 0 } problems)
        {
            foreach (var problem in problems)
            {
                await errors.WriteLineAsync(problem);
            }

            await errors.WriteLineAsync("--help shows how it is used.");
            return ExitCode.Usage;
        }

        // The run handles Ctrl-C itself, and an unexpected exception must not end with an exit code that has another meaning.
        return await parsed.InvokeAsync(new()
        {
            Output = output,
            Error = errors,
            ProcessTerminationTimeout = null,
            EnableDefaultExceptionHandler = false,
        });
    }

    private LoadPlan PlanOf(ParseResult parsed)
    {
        var rate = parsed.GetValue(_rate);
        var isSearch = double.IsPositiveInfinity(rate);
        var duration = Value(_duration, isSearch ? DefaultStep : DefaultDuration);
        var search = isSearch
            ? new SearchPlan(
                Value(_fromRate, 100), Value(_p99, TimeSpan.FromMilliseconds(100)), Value(_warmUp, TimeSpan.FromSeconds(3)), duration,
                IsGiven(parsed, _maxLag) ? parsed.GetValue(_maxLag) : null)
            : null;

        return new LoadPlan
        {
            Url = parsed.GetValue(_url)!,
            Load = this switch
            {
                _ when IsGiven(parsed, _connections) => new ClosedLoad(parsed.GetValue(_connections), duration),
                _ when search is not null => OpenLoad.Steady(search.From, duration),
                _ => parsed.GetValue(_shape) switch
                {
                    LoadShape.Ramp => OpenLoad.Ramp(Value(_fromRate, 0), rate, Value(_rampTime, duration), duration),
                    LoadShape.Burst => OpenLoad.Burst(
                        rate, Value(_burstRate, 10 * rate), Value(_burstEvery, DefaultBurstEvery), Value(_burstLength, DefaultBurstLength), duration),
                    _ => OpenLoad.Steady(rate, duration),
                },
            },
            Search = search,
            WarmUp = Value(_warmUp, TimeSpan.Zero),
            Users = Value(_users, 100),
            UserPrefix = parsed.GetValue(_userPrefix)!,
            MaxInFlight = Value(_maxInFlight, 1000),
            Timeout = Value(_timeout, TimeSpan.FromSeconds(20)),
            RetryFor = IsGiven(parsed, _retry) ? parsed.GetValue(_retry) : null,
            VerifyWithin = IsGiven(parsed, _verify) ? parsed.GetValue(_verify) : null,
            MeasureLag = !parsed.GetValue(_noLag),
        };

        T Value<T>(Option<T> option, T otherwise) => CommandLineParts.Value(parsed, option, otherwise);
    }

    private List<string> ProblemsOf(ParseResult parsed) =>
        parsed.Errors.Count > 0 ? [.. parsed.Errors.Select(error => error.Message)] : [.. Conflicts(parsed)];

    // Checks that a single option can't make: options that can't be combined.
    private IEnumerable<string> Conflicts(ParseResult parsed)
    {
        var closed = IsGiven(parsed, _connections);
        var search = double.IsPositiveInfinity(parsed.GetValue(_rate));
        var shape = parsed.GetValue(_shape);
        (bool Allowed, string Reason, Option[] Options)[] rules =
        [
            (!closed, "does not go with --connections, the closed model", [_rate, _shape, _maxInFlight]),
            (!search, "does not go with --rate max, which finds a steady rate", [_shape]),
            (shape is LoadShape.Ramp || search, "is for --shape ramp and --rate max", [_fromRate]),
            (shape is LoadShape.Ramp, "is for --shape ramp", [_rampTime]),
            (shape is LoadShape.Burst, "is for --shape burst", [_burstRate, _burstEvery, _burstLength]),
            (search, "is for --rate max", [_p99, _maxLag]),
            (!parsed.GetValue(_noLag), "needs the lag to be measured, which --no-lag leaves out", [_maxLag]),
            (IsGiven(parsed, _html), "needs --html", [_baseline, _open]),
        ];
        foreach (var conflict in NotAllowed(parsed, rules))
        {
            yield return conflict;
        }

        if (shape is LoadShape.Ramp && Value(parsed, _rampTime, TimeSpan.Zero) > Value(parsed, _duration, DefaultDuration))
        {
            yield return "--ramp-time is longer than --duration";
        }

        if (shape is LoadShape.Burst && Value(parsed, _burstLength, DefaultBurstLength) > Value(parsed, _burstEvery, DefaultBurstEvery))
        {
            yield return "--burst-length is longer than --burst-every";
        }

        if (parsed.GetValue(_html) is { } html && parsed.GetValue(_json) is { } json && Path.GetFullPath(html) == Path.GetFullPath(json))
        {
            yield return $"--html and --json are the same file: {html}";
        }
    }

    private static Option<TimeSpan> DurationOption(string name, string description, bool mayBeZero = false) => new(name)
    {
        Description = description,
        HelpName = "duration",
        CustomParser = result => ParseDuration(result, mayBeZero),
    };

    private static Option<TimeSpan> DurationWithDefault(string name, string description, TimeSpan otherwise) => new(name)
    {
        Description = description,
        HelpName = "duration",
        Arity = ArgumentArity.ZeroOrOne,
        CustomParser = result => result.Tokens.Count is 0 ? otherwise : ParseDuration(result, mayBeZero: false),
    };

    private static Option<int> WholeNumber(string name, string description, int lowest, int highest) => new(name)
    {
        Description = description,
        HelpName = "number",
        CustomParser = result =>
            int.TryParse(result.Tokens[0].Value, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number >= lowest && number <= highest
                ? number
                : Fail<int>(result, $"a whole number from {lowest} to {highest}"),
    };

    private static Option<string> FileToWrite(string name, string description) => new(name)
    {
        Description = description,
        HelpName = "file",
        CustomParser = ParseFile,
    };

    private static TimeSpan ParseDuration(ArgumentResult result, bool mayBeZero) =>
        Duration.TryParse(result.Tokens[0].Value, out var duration) && (mayBeZero || duration > TimeSpan.Zero)
            ? duration
            : Fail<TimeSpan>(result, "a duration like 500ms, 60s, 5m or 1h");

    private static double ParseRate(ArgumentResult result) =>
        double.TryParse(result.Tokens[0].Value, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var rate) && rate is > 0 and <= 10_000_000
            ? rate
            : Fail<double>(result, "a number above 0, purchases per second");

    private static LoadShape ParseShape(ArgumentResult result) =>
        Enum.TryParse<LoadShape>(result.Tokens[0].Value, ignoreCase: true, out var shape) && Enum.IsDefined(shape)
            ? shape
            : Fail<LoadShape>(result, "steady, ramp or burst");

    private static Uri? ParseUrl(ArgumentResult result) =>
        Uri.TryCreate(result.Tokens[0].Value, UriKind.Absolute, out var url) && url.Scheme is "http" or "https" && url is { Query: "", Fragment: "", UserInfo: "" }
            ? new Uri(url.AbsoluteUri.TrimEnd('/') + "/")
            : Fail<Uri>(result, "a URL like http://localhost:8081");

    private static string? ParsePrefix(ArgumentResult result) =>
        result.Tokens[0].Value is { Length: > 0 and <= 64 } prefix && prefix.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or '.')
            ? prefix
            : Fail<string>(result, "1 to 64 of the characters A-Z a-z 0-9 - _ .");

    private static ReportDocument? ParseBaseline(ArgumentResult result)
    {
        var file = result.Tokens[0].Value;
        try
        {
            return JsonReport.Read(file);
        }
        catch (FormatException e)
        {
            result.AddError($"--baseline: {file}: {e.Message}");
            return null;
        }
    }

    private enum LoadShape
    {
        Steady,
        Ramp,
        Burst,
    }
}
