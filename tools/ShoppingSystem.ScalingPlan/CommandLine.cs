using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using ShoppingSystem.ScalingPlan.Playing;
using ShoppingSystem.ScalingPlan.Reporting;
using static ShoppingSystem.LoadTest.CommandLineParts;
using Duration = ShoppingSystem.LoadTest.Duration;
using OpenLoad = ShoppingSystem.LoadTest.OpenLoad;

namespace ShoppingSystem.ScalingPlan;

/// <summary>The command line: its options, their valid combinations, and its help.</summary>
internal sealed class CommandLine
{
    /// <summary>The exit code when the command line is wrong.</summary>
    public const int Usage = 2;

    private const string SettingsFile = "deploy/components/keda/scaling.env";
    private const int MostSeconds = 7 * 24 * 3600;

    private const string Examples = """
        Examples:
          A backlog of a million, with nobody buying:
            scalingplan --backlog 1000000
          From 0 to 40,000 a second in three minutes, and what it costs at 0.05 a pod hour:
            scalingplan --shape ramp --rate 40000 --ramp-time 3m --duration 10m --after 10m --cost 0.05
          A day, drawn:
            scalingplan --load day.csv --cost --svg day.svg
          With a lower threshold than scaling.env has:
            scalingplan --backlog 1000000 --set lagThreshold=50000

        Pods are told how many to be at once and are ready after --cold-start. Rebalances, limits of the store and of a hot customer are
        played; networks, brokers and what else gives out are not: docs/scaling.md says what each does.
        """;

    private readonly Option<double> _rate = Number("--rate", "Purchases a second [default: 100; none with --backlog]", "rate", 0, 10_000_000);

    private readonly Option<string> _shape = new("--shape")
    {
        Description = "As the load test's: steady, ramp (from --from-rate up to --rate in --ramp-time) or burst (--burst-rate for --burst-length out of every --burst-every) [default: steady]",
        HelpName = "steady|ramp|burst",
        CustomParser = result => result.Tokens[0].Value is "steady" or "ramp" or "burst" ? result.Tokens[0].Value : Fail<string>(result, "steady, ramp or burst"),
    };

    private readonly Option<double> _fromRate = Number("--from-rate", "The rate a ramp begins with [default: 0]", "rate", 0, 10_000_000);
    private readonly Option<TimeSpan> _rampTime = Time("--ramp-time", "How long the ramp takes [default: the whole duration]");
    private readonly Option<double> _burstRate = Number("--burst-rate", "The rate in a burst [default: ten times --rate]", "rate", 0, 10_000_000);
    private readonly Option<TimeSpan> _burstEvery = Time("--burst-every", "From one burst to the next [default: 30s]");
    private readonly Option<TimeSpan> _burstLength = Time("--burst-length", "How long a burst lasts, at the end of its period [default: 5s]");
    private readonly Option<TimeSpan> _duration = Time("--duration", "How long customers buy [default: 10m]");

    private readonly Option<string> _load = new("--load")
    {
        Description = "A file of lines time,rate instead of --rate and --shape, such as 0,100 and 6h,2000: purchases a second, in straight lines from one to the next",
        HelpName = "file",
    };

    private readonly Option<double> _backlog = Whole("--backlog", "Purchases that wait to be recorded at the beginning [default: 0]", 0, 1_000_000_000);
    private readonly Option<TimeSpan> _after = Time("--after", "How long to go on when nobody buys any more [default: 0; for a backlog alone until no pod is left to go, 1h at most]");
    private readonly Option<double> _hot = Number("--hot", "The part of all purchases that one customer makes, percent [default: 0]", "percent", 0, 100);

    private readonly Option<string> _settings = new("--settings")
    {
        Description = $"How the shop scales; log.env beside it has the partitions [default: {SettingsFile}, here or in a folder above]",
        HelpName = "file",
    };

    private readonly Option<string[]> _set = new("--set")
    {
        Description = $"A value of that file that is to be another one, of {string.Join(", ", ScalingSettings.Keys)}; again for each",
        HelpName = "key=value",
    };

    private readonly Option<double> _buyCpu = Number(
        "--buy-cpu", "Processor time that a web server needs for a purchase, microseconds [default: 138]", "microseconds", 1, 1_000_000);

    private readonly Option<double> _webRequest = Whole("--web-cpu-request", "What a web server requests, thousandths of a core [default: 500]", 1, 1_000_000);
    private readonly Option<double> _webLimit = Whole("--web-cpu-limit", "What a web server gets at most, thousandths of a core [default: 1000]", 1, 1_000_000);
    private readonly Option<double> _cpuWindow = Whole("--cpu-window", "Seconds that the metrics server's figures are the mean of; Minikube's has 60 [default: 15]", 1, 600);
    private readonly Option<double> _recordedInAll = Number("--recorded-in-all", "Events that the store takes in a second from all recorders together [default: no limit]", "rate", 1, 100_000_000);
    private readonly Option<TimeSpan> _coldStart = Time("--cold-start", "From the decision for a pod until it is ready [default: 6s]");
    private readonly Option<TimeSpan> _rebalance = Time("--rebalance", "How long a partition that changes its recorder stands still [default: 3s]");
    private readonly Option<string> _json = File("--json", "Write each second and the summary to this file, too");
    private readonly Option<string> _svg = File("--svg", "Draw it into this file, too");

    private readonly Option<double> _cost = new("--cost")
    {
        Description = "Say how many pod seconds it takes, and what they cost at this price of a pod for an hour",
        HelpName = "price",
        Arity = ArgumentArity.ZeroOrOne,
        CustomParser = result => result.Tokens.Count == 0 ? 0 : ParseNumber(result, 0, 1_000_000, whole: false),
    };

    private readonly RootCommand _root;

    private CommandLine(TextWriter output, TextWriter errors)
    {
        _root = new("Plays how the shop scales, second by second, by the rules of KEDA and of Kubernetes' autoscaler: nothing runs, and no clock is waited for.")
        {
            _rate, _shape, _fromRate, _rampTime, _burstRate, _burstEvery, _burstLength, _duration, _load, _backlog, _after, _hot,
            _settings, _set, _buyCpu, _webRequest, _webLimit, _cpuWindow, _recordedInAll, _coldStart, _rebalance, _cost, _json, _svg,
        };
        _root.SetAction(parsed => RunAsync(parsed, output, errors));
        _root.ShowExamples(Examples);
    }

    /// <summary>Reads the command line and plays the scenario that it describes.</summary>
    /// <returns>0, or <see cref="Usage"/>.</returns>
    public static async Task<int> InvokeAsync(string[] args, TextWriter output, TextWriter errors)
    {
        var commandLine = new CommandLine(output, errors);
        var parsed = commandLine._root.Parse(args);
        if (parsed.Action is not HelpWithExamples && commandLine.ProblemsOf(parsed) is { Count: > 0 } problems)
        {
            foreach (var problem in problems)
            {
                await errors.WriteLineAsync(problem);
            }

            return Usage;
        }

        return await parsed.InvokeAsync(new() { Output = output, Error = errors, EnableDefaultExceptionHandler = false });
    }

    private async Task<int> RunAsync(ParseResult parsed, TextWriter output, TextWriter errors)
    {
        Scenario scenario;
        try
        {
            scenario = ScenarioOf(parsed);
        }
        catch (FormatException e)
        {
            await errors.WriteLineAsync(e.Message);
            return Usage;
        }

        var seconds = Play.Run(scenario).ToList();
        var summary = Summary.Of(seconds);
        Table.Write(output, seconds, summary);
        if (IsGiven(parsed, _cost))
        {
            await output.WriteLineAsync(Table.Cost(summary, parsed.GetValue(_cost) is > 0 and var price ? (decimal)price : null));
        }

        if (parsed.GetValue(_json) is { } json)
        {
            await new JsonReport(summary, seconds).WriteAsync(json);
        }

        if (parsed.GetValue(_svg) is { } svg)
        {
            await System.IO.File.WriteAllTextAsync(svg, Picture.Draw(Table.InWords(summary).ReplaceLineEndings(" "), seconds));
        }

        return 0;
    }

    private Scenario ScenarioOf(ParseResult parsed)
    {
        var arrivals = ArrivalsOf(parsed);
        return new Scenario
        {
            Settings = SettingsOf(parsed),
            ArrivalsPerSecond = arrivals,
            SecondsAfter = Seconds(_after, arrivals.Length == 0 ? 3600 : 0),
            UntilQuiet = !IsGiven(parsed, _after),
            Backlog = (long)parsed.GetValue(_backlog),
            HotShare = parsed.GetValue(_hot) / 100,
            Pods = new PodFigures
            {
                BuyCpuMilliseconds = Value(parsed, _buyCpu, 138) / 1000,
                WebCpuRequest = (int)Value(parsed, _webRequest, 500),
                WebCpuLimit = (int)Value(parsed, _webLimit, 1000),
                CpuWindowSeconds = (int)Value(parsed, _cpuWindow, 15),
                ColdStartSeconds = Seconds(_coldStart, 6),
                RebalanceSeconds = Seconds(_rebalance, 3),
                RecordedInAllPerSecond = IsGiven(parsed, _recordedInAll) ? parsed.GetValue(_recordedInAll) : null,
            },
        };

        int Seconds(Option<TimeSpan> option, int otherwise) => (int)Value(parsed, option, TimeSpan.FromSeconds(otherwise)).TotalSeconds;
    }

    private double[] ArrivalsOf(ParseResult parsed)
    {
        if (parsed.GetValue(_load) is { } file)
        {
            return FromFile(_load, file, lines => Arrivals.Parse(lines, MostSeconds));
        }

        if (!IsGiven(parsed, _rate) && IsGiven(parsed, _backlog))
        {
            return [];
        }

        var (rate, duration) = (Value(parsed, _rate, 100), Value(parsed, _duration, TimeSpan.FromMinutes(10)));
        return Arrivals.Of(parsed.GetValue(_shape) switch
        {
            "ramp" => OpenLoad.Ramp(Value(parsed, _fromRate, 0), rate, Value(parsed, _rampTime, duration), duration),
            "burst" => OpenLoad.Burst(
                rate, Value(parsed, _burstRate, 10 * rate), Value(parsed, _burstEvery, DefaultBurstEvery), Value(parsed, _burstLength, DefaultBurstLength), duration),
            _ => OpenLoad.Steady(rate, duration),
        });
    }

    private ScalingSettings SettingsOf(ParseResult parsed)
    {
        var file = parsed.GetValue(_settings) ?? FindSettings();
        var log = Path.Combine(Path.GetDirectoryName(Path.GetFullPath(file))!, "log.env");
        var set = parsed.GetValue(_set)!;
        var lines = FromFile(_settings, file, lines => System.IO.File.Exists(log) ? [.. lines, .. System.IO.File.ReadAllLines(log)] : lines);
        try
        {
            return ScalingSettings.Parse([.. lines, .. set]);
        }
        catch (FormatException e)
        {
            var culprit = set.Any(line => e.Message.Contains(line[..line.IndexOf('=')], StringComparison.Ordinal)) ? _set.Name : $"{_settings.Name}: {file}";
            throw new FormatException($"{culprit}: {e.Message}");
        }
    }

    private string FindSettings()
    {
        for (var folder = new DirectoryInfo(Environment.CurrentDirectory); folder is not null; folder = folder.Parent)
        {
            if (Path.Combine(folder.FullName, SettingsFile) is var file && System.IO.File.Exists(file))
            {
                return file;
            }
        }

        throw new FormatException($"{_settings.Name}: there is no {SettingsFile} here or in a folder above; name a file like it");
    }

    private static T FromFile<T>(Option<string> option, string file, Func<string[], T> read)
    {
        try
        {
            return read(System.IO.File.ReadAllLines(file));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException)
        {
            throw new FormatException($"{option.Name}: {file} is not a file that can be read: {e.Message}");
        }
        catch (FormatException e)
        {
            throw new FormatException($"{option.Name}: {file}: {e.Message}");
        }
    }

    private static readonly TimeSpan DefaultBurstEvery = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan DefaultBurstLength = TimeSpan.FromSeconds(5);

    private List<string> ProblemsOf(ParseResult parsed) =>
        parsed.Errors.Count > 0 ? [.. parsed.Errors.Select(error => error.Message)] : [.. Conflicts(parsed)];

    // Checks that a single option can't make: options that can't be combined.
    private IEnumerable<string> Conflicts(ParseResult parsed)
    {
        var shape = parsed.GetValue(_shape);
        var (load, alone) = (IsGiven(parsed, _load), IsGiven(parsed, _backlog) && !IsGiven(parsed, _rate));
        (bool Allowed, string Reason, Option[] Options)[] rules =
        [
            (!load, "does not go with --load, which says all of the load", [_rate, _shape, _duration]),
            (!alone || load, "needs --rate where --backlog is given", [_shape, _duration]),
            (shape is "ramp", "is for --shape ramp", [_fromRate, _rampTime]),
            (shape is "burst", "is for --shape burst", [_burstRate, _burstEvery, _burstLength]),
        ];
        foreach (var conflict in NotAllowed(parsed, rules))
        {
            yield return conflict;
        }

        if (shape is "ramp" && Value(parsed, _rampTime, TimeSpan.Zero) > Value(parsed, _duration, TimeSpan.FromMinutes(10)))
        {
            yield return $"{_rampTime.Name} is longer than {_duration.Name}";
        }

        if (shape is "burst" && Value(parsed, _burstLength, DefaultBurstLength) > Value(parsed, _burstEvery, DefaultBurstEvery))
        {
            yield return $"{_burstLength.Name} is longer than {_burstEvery.Name}";
        }

        if (Value(parsed, _webLimit, 1000) < Value(parsed, _webRequest, 500))
        {
            yield return $"{_webLimit.Name} is less than {_webRequest.Name}";
        }

        foreach (var set in parsed.GetValue(_set)!.Where(set => set.IndexOf('=') is var at && (at < 0 || !ScalingSettings.IsKey(set[..at]))))
        {
            yield return $"{_set.Name}: {set} is not key=value with one of the keys {string.Join(", ", ScalingSettings.Keys)}";
        }
    }

    private static Option<TimeSpan> Time(string name, string description) => new(name)
    {
        Description = description,
        HelpName = "duration",
        CustomParser = result =>
            Duration.TryParse(result.Tokens[0].Value, out var time) && time.TotalSeconds is >= 1 and <= MostSeconds && time.TotalSeconds % 1 == 0
                ? time
                : Fail<TimeSpan>(result, "a duration of whole seconds, from 1s to 168h"),
    };

    private static Option<double> Number(string name, string description, string unit, double lowest, double highest) => new(name)
    {
        Description = description,
        HelpName = unit,
        CustomParser = result => ParseNumber(result, lowest, highest, whole: false),
    };

    private static Option<double> Whole(string name, string description, double lowest, double highest) => new(name)
    {
        Description = description,
        HelpName = "number",
        CustomParser = result => ParseNumber(result, lowest, highest, whole: true),
    };

    private static Option<string> File(string name, string description) => new(name)
    {
        Description = description,
        HelpName = "file",
        CustomParser = ParseFile,
    };

    private static double ParseNumber(ArgumentResult result, double lowest, double highest, bool whole) =>
        double.TryParse(result.Tokens[0].Value, whole ? NumberStyles.None : NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var number)
            && number >= lowest && number <= highest
            ? number
            : Fail<double>(result, string.Create(CultureInfo.InvariantCulture, $"a {(whole ? "whole " : "")}number from {lowest:#,0} to {highest:#,0}"));
}
