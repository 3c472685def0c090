using ShoppingSystem.ScalingPlan.Playing;
using ShoppingSystem.ScalingPlan.Rules;

namespace ShoppingSystem.Tests.ScalingPlan;

/// <summary>
/// What is played is what real ones did: every count of replicas that was recorded, wanted and ready, within
/// <see cref="Trace.Seconds"/> and <see cref="Trace.Replicas"/>, and with a rule less it is not.
/// </summary>
public sealed class TraceTests
{
    // The overlay minikube: its three patches of ScaledObjects, and log.env.
    private static readonly ScalingSettings Minikube = new()
    {
        WebServerMinReplicas = 1,
        WebServerMaxReplicas = 4,
        WebServerCpuUtilization = 70,
        ManagementApiMinReplicas = 1,
        ManagementApiMaxReplicas = 12,
        LagThreshold = 2000,
        RecordedPerSecond = 11_000,
        Partitions = 12,
        WebServerBehavior = ScalingBehavior.WebServer.WithDownWindow(60),
        ManagementApiBehavior = ScalingBehavior.ManagementApi.WithDownWindow(60),
    };

    // As the traces show them: one recorder records 11,000 a second, five 26,000, and four are ready after 6 s; what all of the pods had
    // was two cores, so that a purchase took a web server a millisecond. Its CPU figures follow the load over a minute.
    private static readonly PodFigures TwoCores = new()
    {
        BuyCpuMilliseconds = 1,
        WebCpuRequest = 100,
        WebCpuLimit = 500,
        CpuWindowSeconds = 60,
        ColdStartSeconds = 5,
        RebalanceSeconds = 3,
        RecordedInAllPerSecond = 26_000,
    };

    [Theory]
    [InlineData("backlog-120k")]
    [InlineData("backlog-600k")]
    [InlineData("web-cpu")]
    public void The_model_reproduces_a_recorded_run(string trace) => Assert.Empty(Differences(trace, Minikube));

    [Fact]
    public void Without_the_scale_up_policies_the_recorded_run_is_not_reproduced() => Assert.NotEmpty(Differences("backlog-600k", Minikube with
    {
        ManagementApiBehavior = Minikube.ManagementApiBehavior with { Up = new(0, new ScalingPolicy(PolicyKind.Percent, 100_000, 15)) },
    }));

    [Fact]
    public void Without_the_scale_down_policy_the_recorded_run_is_not_reproduced() => Assert.NotEmpty(Differences("backlog-600k", Minikube with
    {
        ManagementApiBehavior = Minikube.ManagementApiBehavior with { Down = new(60, new ScalingPolicy(PolicyKind.Percent, 100, 15)) },
    }));

    [Fact]
    public void Without_stabilisation_the_recorded_run_is_not_reproduced() =>
        Assert.NotEmpty(Differences("web-cpu", Minikube with { WebServerBehavior = ScalingBehavior.WebServer.WithDownWindow(0) }));

    [Fact]
    public void With_another_window_the_recorded_run_is_not_reproduced() =>
        Assert.NotEmpty(Differences("backlog-600k", Minikube with { ManagementApiBehavior = ScalingBehavior.ManagementApi }));

    [Fact]
    public void With_another_threshold_the_recorded_run_is_not_reproduced() => Assert.NotEmpty(Differences("backlog-600k", Minikube with { LagThreshold = 100_000 }));

    [Fact]
    public void The_model_sells_as_many_as_the_recorded_run() => Assert.Equal(
        Bought(new Trace("web-cpu"), 185), Play.Run(Scenarios("web-cpu", Minikube).Scenario).Where(second => second.At < 250).Sum(second => second.Bought), 500d);

    private static int Bought(Trace trace, double until)
    {
        var events = trace.Of("events");
        return events.Last(sample => sample.At <= until).Count - events[0].Count;
    }

    private static List<string> Differences(string name, ScalingSettings settings)
    {
        var (scenario, begin) = Scenarios(name, settings);
        var played = Play.Run(scenario).ToList();
        var trace = new Trace(name);
        return
        [
            .. trace.Differences("management_specReplicas", played, second => second.RecordersWanted, begin),
            .. trace.Differences("management_ready", played, second => second.RecordersReady, begin),
            .. trace.Differences("web_specReplicas", played, second => second.WebWanted, begin),
            .. trace.Differences("web_ready", played, second => second.WebReady, begin),
        ];
    }

    private static (Scenario Scenario, double Begin) Scenarios(string name, ScalingSettings settings) => name switch
    {
        "backlog-120k" => (Backlog(settings, 120_000, 70), 0),
        "backlog-600k" => (Backlog(settings, 600_000, 330), 0),
        _ => (WebCpu(settings), -65),
    };

    // The recorder is let go in the third second, and its autoscaler made, which looks for the first time a period later.
    private static Scenario Backlog(ScalingSettings settings, int events, int seconds) => new()
    {
        Settings = settings,
        Pods = TwoCores,
        Backlog = events,
        ArrivalsPerSecond = new double[seconds],
        RecordersStart = 3,
        Recorders = 1,
        RecorderFirstSync = 3 + Autoscaler.SyncPeriodSeconds,
    };

    // The play begins 65 s earlier: the recorders are on their way down from an earlier load, one a minute.
    private static Scenario WebCpu(ScalingSettings settings)
    {
        const int begin = -65;
        return new()
        {
            Settings = settings,
            Pods = TwoCores,
            ArrivalsPerSecond = [.. Enumerable.Range(begin, 420 - begin).Select(t => t switch { >= 2 and < 182 => 500d, >= 237 => 150, _ => 0 })],
            WebServers = 1,
            Recorders = 7,
            WebFirstSync = -65 - begin,
            RecorderFirstSync = -62 - begin,
            WebRollingUpdate = 85 - begin,
            Outage = new(260 - begin, 364 - begin),
        };
    }
}
