using ShoppingSystem.ScalingPlan.Rules;

namespace ShoppingSystem.ScalingPlan.Playing;

/// <summary>Plays a scenario second by second: customers, web servers, the topic, recorders, and the two autoscalers.</summary>
internal sealed class Play
{
    private readonly Scenario _scenario;
    private readonly PodFigures _figures;
    private readonly ScalingSettings _settings;
    private readonly PodGroup _web;
    private readonly PodGroup _recorders;
    private readonly Topic _topic;
    private readonly Autoscaler _webScaler;
    private readonly Autoscaler _recorderScaler;
    private double _waitingToBuy;

    private Play(Scenario scenario)
    {
        (_scenario, _figures, _settings) = (scenario, scenario.Pods, scenario.Settings);
        _web = new(_figures.ColdStartSeconds, _figures.ColdStartSpreadSeconds);
        _recorders = new(_figures.ColdStartSeconds, _figures.ColdStartSpreadSeconds);
        _topic = new(_settings.Partitions, _figures.RebalanceSeconds);
        _webScaler = new(_settings.WebServerMinReplicas, _settings.WebServerMaxReplicas, _settings.WebServerBehavior);
        _recorderScaler = new(_settings.ManagementApiMinReplicas, _settings.ManagementApiMaxReplicas, _settings.ManagementApiBehavior);
    }

    /// <summary>Plays all of it.</summary>
    public static IEnumerable<Second> Run(Scenario scenario)
    {
        var play = new Play(scenario);
        play.Begin();
        for (var second = 0; second < scenario.ArrivalsPerSecond.Count + scenario.SecondsAfter; second++)
        {
            var played = play.Next(second);
            yield return played;
            if (scenario.UntilQuiet && second >= scenario.ArrivalsPerSecond.Count && play.IsQuiet(played))
            {
                yield break;
            }
        }
    }

    private bool IsQuiet(Second second) => second.WaitingToBuy + second.Lag == 0
        && second.WebWanted <= _settings.WebServerMinReplicas && second.RecordersWanted <= _settings.ManagementApiMinReplicas;

    private void Begin()
    {
        _topic.Append(0, _scenario.Backlog, 0);
        _web.Begin(_scenario.WebServers ?? _settings.WebServerMinReplicas);
        if (_scenario.RecordersStart == 0)
        {
            _recorders.Begin(_scenario.Recorders ?? _settings.ManagementApiMinReplicas);
            _topic.Assign(0, [.. _recorders.All]);
        }
    }

    private Second Next(int second)
    {
        if (_scenario.RecordersStart == second && second > 0)
        {
            _recorders.Scale(second, _scenario.Recorders ?? _settings.ManagementApiMinReplicas);
        }

        if (_scenario.WebRollingUpdate == second)
        {
            _web.Replace(second);
        }

        var outage = _scenario.Outage?.Has(second) ?? false;
        if (outage)
        {
            _web.ReadyAt(_scenario.Outage!.To);
            _recorders.ReadyAt(_scenario.Outage.To);
        }

        var arrived = second < _scenario.ArrivalsPerSecond.Count ? _scenario.ArrivalsPerSecond[second] : 0;
        var (bought, cpu) = Buy(second, arrived, outage);
        _topic.Assign(second, [.. _recorders.All.Where(pod => pod.ReadySince <= second)]);
        var recorded = outage ? 0 : _topic.Record(second, _settings.RecordedPerSecond, _figures.RecordedInAllPerSecond ?? double.PositiveInfinity);

        if (IsSync(second, _scenario.WebFirstSync))
        {
            _web.Scale(second, _webScaler.Sync(second, _web.Wanted, outage ? null : WantedByCpu(second)));
        }

        if (IsSync(second, _scenario.RecorderFirstSync) && _recorders.Wanted > 0)
        {
            _recorders.Scale(second, _recorderScaler.Sync(second, _recorders.Wanted, outage ? null : WantedByLag()));
        }

        return new Second(
            second, arrived, bought, _waitingToBuy, recorded, _topic.Lag, _topic.PartitionsWithLag, _topic.OldestSeconds(second),
            _web.Wanted, _web.Ready(second), cpu, _recorders.Wanted, _recorders.Ready(second));
    }

    // Customers who can't be served wait. In an outage they are refused, and don't come back.
    private (double Bought, double CpuPercent) Buy(int second, double arrived, bool outage)
    {
        _waitingToBuy = outage ? 0 : _waitingToBuy + arrived;
        var ready = _web.Ready(second);
        var bought = Math.Min(_waitingToBuy, ready * _figures.BoughtPerSecond);
        _waitingToBuy -= bought;
        _topic.Append(second, bought, _scenario.HotShare);

        var cpu = ready == 0 ? 0 : 100 * bought / ready * _figures.BuyCpuMilliseconds / _figures.WebCpuRequest;
        foreach (var pod in _web.All)
        {
            pod.Use(pod.ReadySince <= second ? cpu : 0);
        }

        return (bought, cpu);
    }

    private int? WantedByCpu(int second)
    {
        var counting = _web.All
            .Where(pod => CpuMetric.Sample(second, pod.Started, pod.ReadySince <= second ? pod.ReadySince : null, _figures.CpuWindowSeconds) is PodSample.Counts)
            .Select(pod => pod.MeanUse(_figures.CpuWindowSeconds))
            .ToList();
        return CpuMetric.Replicas(counting, _web.Wanted - counting.Count, _settings.WebServerCpuUtilization, _web.Wanted);
    }

    private int WantedByLag() => LagMetric.Replicas(
        LagMetric.Answer((long)Math.Ceiling(_topic.Lag), _topic.PartitionsWithLag, _settings.LagThreshold), _settings.LagThreshold, _recorders.Wanted);

    private static bool IsSync(int second, int first) => second >= first && (second - first) % Autoscaler.SyncPeriodSeconds == 0;
}
