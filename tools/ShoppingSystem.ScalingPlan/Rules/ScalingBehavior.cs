namespace ShoppingSystem.ScalingPlan.Rules;

/// <summary>The unit of a policy of a behaviour.</summary>
internal enum PolicyKind
{
    /// <summary>Pods.</summary>
    Pods,

    /// <summary>Percent of the pods that existed when the period began.</summary>
    Percent,
}

/// <summary>A limit on the change within a period.</summary>
/// <param name="Kind">What <paramref name="Value"/> counts.</param>
/// <param name="Value">Pods, or percent.</param>
/// <param name="PeriodSeconds">The length of the period, seconds.</param>
internal sealed record ScalingPolicy(PolicyKind Kind, int Value, int PeriodSeconds);

/// <summary>How fast one direction goes. Of several policies, the one that allows the most counts (<c>selectPolicy: Max</c>).</summary>
/// <param name="StabilizationSeconds">How long earlier recommendations hold back a later one.</param>
/// <param name="Policies">At least one.</param>
internal sealed record ScalingRules(int StabilizationSeconds, params ScalingPolicy[] Policies);

/// <summary>A <c>behavior</c> of an autoscaler: how fast it goes up and down.</summary>
internal sealed record ScalingBehavior(ScalingRules Up, ScalingRules Down)
{
    private static readonly ScalingRules FastUp =
        new(0, new ScalingPolicy(PolicyKind.Percent, 100, 15), new ScalingPolicy(PolicyKind.Pods, 4, 15));

    /// <summary>The behaviour in <c>deploy/components/keda/web-server.yaml</c>.</summary>
    public static ScalingBehavior WebServer { get; } = new(FastUp, new ScalingRules(300, new ScalingPolicy(PolicyKind.Percent, 50, 60)));

    /// <summary>The behaviour in <c>deploy/components/keda/management-api.yaml</c>.</summary>
    public static ScalingBehavior ManagementApi { get; } = new(FastUp, new ScalingRules(300, new ScalingPolicy(PolicyKind.Pods, 1, 60)));

    /// <summary>The same with another window, in which the highest recommendation counts on the way down.</summary>
    public ScalingBehavior WithDownWindow(int seconds) => this with { Down = Down with { StabilizationSeconds = seconds } };
}
