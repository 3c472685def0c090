using System.Globalization;
using ShoppingSystem.ScalingPlan.Rules;

namespace ShoppingSystem.ScalingPlan.Playing;

/// <summary>How the shop scales: <c>deploy/components/keda/scaling.env</c>, the partitions of its <c>log.env</c>, and two windows of its ScaledObjects.</summary>
internal sealed record ScalingSettings
{
    /// <summary>Web servers at least.</summary>
    public required int WebServerMinReplicas { get; init; }

    /// <summary>Web servers at most.</summary>
    public required int WebServerMaxReplicas { get; init; }

    /// <summary>The target for the processor time of a web server, percent of what it requests.</summary>
    public required int WebServerCpuUtilization { get; init; }

    /// <summary>Recorders at least.</summary>
    public required int ManagementApiMinReplicas { get; init; }

    /// <summary>Recorders at most.</summary>
    public required int ManagementApiMaxReplicas { get; init; }

    /// <summary>The number of events not yet recorded for which one recorder is wanted.</summary>
    public required int LagThreshold { get; init; }

    /// <summary>Events that a recorder records in a second.</summary>
    public required int RecordedPerSecond { get; init; }

    /// <summary>Partitions of the topic.</summary>
    public required int Partitions { get; init; }

    /// <summary>How fast web servers come and go.</summary>
    public ScalingBehavior WebServerBehavior { get; init; } = ScalingBehavior.WebServer;

    /// <summary>How fast recorders come and go.</summary>
    public ScalingBehavior ManagementApiBehavior { get; init; } = ScalingBehavior.ManagementApi;

    /// <summary>Settings in addition to those of the two files, in seconds; the ScaledObjects have 300.</summary>
    public static readonly string[] Windows = ["webServerDownWindowSeconds", "managementApiDownWindowSeconds"];

    // Read, but without effect on the play.
    private static readonly string[] ForPeople = ["drainSeconds", "activationLagThreshold"];

    private static readonly string[] Played =
    [
        "webServerMinReplicas", "webServerMaxReplicas", "webServerCpuUtilization", "managementApiMinReplicas", "managementApiMaxReplicas",
        "lagThreshold", "recordedPerSecond", "partitions",
    ];

    /// <summary>Everything that can be set.</summary>
    public static readonly string[] Keys = [.. Played, .. Windows];

    /// <summary>Reads lines of <c>key=value</c>; if a key occurs more than once, the last line counts.</summary>
    /// <param name="lines">The lines of <c>scaling.env</c>, of <c>log.env</c>, and the settings on the command line.</param>
    /// <exception cref="FormatException">A value is invalid or a key is missing; the message says which, and what is legal.</exception>
    public static ScalingSettings Parse(IEnumerable<string> lines)
    {
        var values = new Dictionary<string, int>();
        foreach (var line in lines.Select(line => line.Trim()).Where(line => line.Length > 0 && line[0] != '#'))
        {
            var (key, value) = line.IndexOf('=') is > 0 and var at ? (line[..at].Trim(), line[(at + 1)..].Trim()) : (line, "");
            if (Keys.Contains(key))
            {
                values[key] = Number(key, value);
            }
        }

        return Played.FirstOrDefault(key => !values.ContainsKey(key)) is { } missing
            ? throw new FormatException($"{missing} is missing")
            : Checked(new ScalingSettings
            {
                WebServerMinReplicas = values["webServerMinReplicas"],
                WebServerMaxReplicas = values["webServerMaxReplicas"],
                WebServerCpuUtilization = values["webServerCpuUtilization"],
                ManagementApiMinReplicas = values["managementApiMinReplicas"],
                ManagementApiMaxReplicas = values["managementApiMaxReplicas"],
                LagThreshold = values["lagThreshold"],
                RecordedPerSecond = values["recordedPerSecond"],
                Partitions = values["partitions"],
                WebServerBehavior = Window(ScalingBehavior.WebServer, Windows[0]),
                ManagementApiBehavior = Window(ScalingBehavior.ManagementApi, Windows[1]),
            });

        ScalingBehavior Window(ScalingBehavior behavior, string key) =>
            values.TryGetValue(key, out var seconds) ? behavior.WithDownWindow(seconds) : behavior;
    }

    /// <summary>Whether <see cref="Parse"/> knows this key of the command line.</summary>
    public static bool IsKey(string key) => Keys.Contains(key) || ForPeople.Contains(key);

    private static int Number(string key, string value)
    {
        // Kubernetes takes windows up to an hour; a topic of more than 10,000 partitions is no topic of this shop.
        var (lowest, highest) = key switch
        {
            _ when Windows.Contains(key) => (0, 3600),
            "webServerCpuUtilization" => (1, 1000),
            "lagThreshold" or "recordedPerSecond" => (1, 1_000_000_000),
            _ => (1, 10_000),
        };
        return int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number >= lowest && number <= highest
            ? number
            : throw new FormatException($"{key}: {(value.Length == 0 ? "nothing" : value)} is not a whole number from {lowest} to {highest}");
    }

    private static ScalingSettings Checked(ScalingSettings settings) => settings switch
    {
        _ when settings.WebServerMinReplicas > settings.WebServerMaxReplicas =>
            throw new FormatException($"webServerMinReplicas: {settings.WebServerMinReplicas} is more than webServerMaxReplicas, {settings.WebServerMaxReplicas}"),
        _ when settings.ManagementApiMinReplicas > settings.ManagementApiMaxReplicas =>
            throw new FormatException($"managementApiMinReplicas: {settings.ManagementApiMinReplicas} is more than managementApiMaxReplicas, {settings.ManagementApiMaxReplicas}"),
        _ => settings,
    };
}
