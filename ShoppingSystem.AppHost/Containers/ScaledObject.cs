using Aspire.Hosting.Kubernetes.Resources;
using YamlDotNet.Serialization;

namespace ShoppingSystem.AppHost;

/// <summary>KEDA's <c>keda.sh/v1alpha1</c> ScaledObject, as far as the shop uses it.</summary>
internal sealed class ScaledObject() : BaseKubernetesResource("keda.sh/v1alpha1", "ScaledObject")
{
    [YamlMember(Alias = "spec")]
    public required ScaledObjectSpec Spec { get; init; }
}

internal sealed record ScaledObjectSpec
{
    public required ScaleTarget ScaleTargetRef { get; init; }
    public required int MinReplicaCount { get; init; }
    public required int MaxReplicaCount { get; init; }
    public required AdvancedScaling Advanced { get; init; }
    public required List<ScalingTrigger> Triggers { get; init; }
}

internal sealed record ScaleTarget(string Name);

internal sealed record AdvancedScaling(AutoscalerConfig HorizontalPodAutoscalerConfig);

internal sealed record AutoscalerConfig(AutoscalerBehavior Behavior);

internal sealed record AutoscalerBehavior(AutoscalerRules ScaleUp, AutoscalerRules ScaleDown);

internal sealed record AutoscalerRules(int StabilizationWindowSeconds, List<AutoscalerPolicy> Policies)
{
    public string? SelectPolicy { get; init; }
}

internal sealed record AutoscalerPolicy(string Type, int Value, int PeriodSeconds);

internal sealed record ScalingTrigger(string Type, Dictionary<string, string> Metadata)
{
    public string? MetricType { get; init; }
}
