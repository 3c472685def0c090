using ShoppingSystem.LoadTest;
using ShoppingSystem.ScalingPlan.Playing;
using ShoppingSystem.ScalingPlan.Rules;
using ShoppingSystem.Tests.Kubernetes;
using YamlDotNet.Serialization;

namespace ShoppingSystem.Tests.ScalingPlan;

public sealed class PlayTests
{
    private static readonly string Keda = Path.Combine(Tools.Deploy, "components/keda");

    private static readonly ScalingSettings Production =
        ScalingSettings.Parse([.. File.ReadLines(Path.Combine(Keda, "scaling.env")), .. File.ReadLines(Path.Combine(Keda, "log.env"))]);

    [Theory]
    [InlineData("management-api")]
    [InlineData("web-server")]
    public void The_behaviours_are_those_of_the_ScaledObjects(string service)
    {
        var file = new DeserializerBuilder().Build().Deserialize<Dictionary<string, object>>(File.ReadAllText(Path.Combine(Keda, $"{service}.yaml")));
        var behavior = Map(Map(Map(Map(file["spec"])["advanced"])["horizontalPodAutoscalerConfig"])["behavior"]);

        var expected = service == "web-server" ? ScalingBehavior.WebServer : ScalingBehavior.ManagementApi;
        foreach (var (rules, direction) in new[] { (expected.Up, "scaleUp"), (expected.Down, "scaleDown") })
        {
            var written = Map(behavior[direction]);
            Assert.Equal(rules.StabilizationSeconds, int.Parse((string)written["stabilizationWindowSeconds"]));
            Assert.Equal(rules.Policies, ((List<object>)written["policies"]).Select(Map).Select(policy => new ScalingPolicy(
                Enum.Parse<PolicyKind>((string)policy["type"]), int.Parse((string)policy["value"]), int.Parse((string)policy["periodSeconds"]))));
            // Which is what it is when nothing is said.
            Assert.Equal("Max", written.GetValueOrDefault("selectPolicy", "Max"));
        }

        static Dictionary<object, object> Map(object node) => (Dictionary<object, object>)node;
    }

    [Fact]
    public void What_is_bought_is_recorded_once_and_nothing_else()
    {
        var played = Played(new() { Settings = Production, ArrivalsPerSecond = Steady(60_000, 300), Backlog = 500_000, HotShare = 0.05, SecondsAfter = 300 });

        Assert.Equal(60_000 * 300, played.Sum(second => second.Bought), 1d);
        Assert.Equal(60_000 * 300 + 500_000, played.Sum(second => second.Recorded), 1d);
        Assert.Equal(0, played[^1].Lag);
        Assert.All(played, second => Assert.InRange(second.Recorded, 0, 20_000d * second.RecordersReady));
    }

    [Fact]
    public void Customers_wait_while_web_servers_are_too_few()
    {
        var played = Played(new() { Settings = Production, ArrivalsPerSecond = Steady(60_000, 300) });

        // Two at first, of 7,246 a second each; ten at most.
        Assert.Equal(60_000 - 2 * 1000 / 0.138, played[0].WaitingToBuy, 1d);
        Assert.Equal(10, played[^1].WebReady);
        Assert.Equal(0, played[^1].WaitingToBuy);
    }

    [Fact]
    public void One_customers_partition_is_read_by_one_recorder_however_many_there_are()
    {
        var played = Played(new() { Settings = Production, ArrivalsPerSecond = Steady(60_000, 600), HotShare = 0.5 });

        // Into one partition come 30,000 a second and a twelfth of the other 30,000, and a recorder takes 20,000.
        Assert.Equal(12, played[^1].RecordersReady);
        Assert.Equal(20_000 + 11 * 2_500, played[^1].Recorded, 1d);
        Assert.Equal(12_500, played[^1].Lag - played[^2].Lag, 1d);
    }

    [Fact]
    public void Recorders_beyond_the_partitions_have_nothing_to_read()
    {
        var settings = Production with { Partitions = 3, ManagementApiMinReplicas = 6 };
        var played = Played(new() { Settings = settings, ArrivalsPerSecond = [0, 0], Backlog = 1_000_000 });

        Assert.Equal(60_000, played[0].Recorded);
    }

    [Fact]
    public void A_partition_that_changes_its_recorder_stands_still_and_the_others_go_on()
    {
        var settings = Production with { ManagementApiMinReplicas = 2, ManagementApiMaxReplicas = 3, LagThreshold = 1000 };
        var played = Played(new()
        {
            Settings = settings,
            ArrivalsPerSecond = new double[40],
            Backlog = 10_000_000,
            Pods = new() { ColdStartSeconds = 5, ColdStartSpreadSeconds = 0, RebalanceSeconds = 4 },
        });

        // The third is wanted at 15 and there at 20. The first two read on from the partitions they keep.
        Assert.Equal((2, 3), (played[19].RecordersReady, played[20].RecordersReady));
        Assert.Equal([40_000, 40_000, 40_000, 40_000, 40_000, 60_000], played.Skip(19).Take(6).Select(second => second.Recorded));
    }

    [Fact]
    public void What_the_store_takes_is_a_limit_for_all()
    {
        var played = Played(new()
        {
            Settings = Production with { ManagementApiMinReplicas = 4 },
            ArrivalsPerSecond = [0, 0],
            Backlog = 1_000_000,
            Pods = new() { RecordedInAllPerSecond = 26_000 },
        });

        Assert.Equal(26_000, played[0].Recorded, 1e-6);
    }

    [Fact]
    public void A_load_tests_shape_is_what_customers_do()
    {
        var arrivals = Arrivals.Of(OpenLoad.Ramp(0, 100, TimeSpan.FromSeconds(10), TimeSpan.FromSeconds(20)));

        Assert.Equal((20, 1500d, 5d, 100d), (arrivals.Length, arrivals.Sum(), arrivals[0], arrivals[^1]));
    }

    [Fact]
    public void A_file_of_rates_is_what_customers_do()
    {
        var arrivals = Arrivals.Parse(["# a day", "0,100", "1m,100", "120, 300"], 3600);

        Assert.Equal((120, 100d), (arrivals.Length, arrivals[0]));
        Assert.Equal(60 * 100 + 60 * 200, arrivals.Sum(), 1e-6);
    }

    [Theory]
    [InlineData("line 1", "1,100", "2,100")]
    [InlineData("line 2", "0,100", "0,100")]
    [InlineData("line 2", "0,100", "1h")]
    [InlineData("line 2", "0,100", "1h,-5")]
    [InlineData("line 2", "0,100", "1h,NaN")]
    [InlineData("line 2", "0,100", "2h,5")]
    [InlineData("fewer than two", "0,100")]
    [InlineData("fewer than two")]
    public void An_invalid_file_of_rates_is_reported_with_its_line(string told, params string[] lines) =>
        Assert.Contains(told, Assert.Throws<FormatException>(() => Arrivals.Parse(lines, 3600)).Message);

    private static double[] Steady(double rate, int seconds) => [.. Enumerable.Repeat(rate, seconds)];

    private static List<Second> Played(Scenario scenario) => [.. Play.Run(scenario)];
}
