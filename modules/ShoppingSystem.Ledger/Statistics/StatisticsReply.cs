using System.ComponentModel;
using System.Text.Json.Serialization;
using ShoppingSystem.Purchases;

namespace ShoppingSystem.Ledger;

/// <summary>
/// How recording goes. <c>recorded</c> and <c>deadLetters</c> are the store's: all replicas, all times; null while it can't
/// be asked. Everything under <c>process</c> is the answering process's own, since it started; <c>lag</c> is that of the
/// partitions it reads.
/// </summary>
internal sealed record StatisticsReply(
    [property: JsonPropertyName("recorded"), JsonIgnore(Condition = JsonIgnoreCondition.Never)] long? Recorded,
    [property: JsonPropertyName("deadLetters"), JsonIgnore(Condition = JsonIgnoreCondition.Never)] long? DeadLetters,
    [property: JsonPropertyName("process")] ProcessReply Process,
    [property: JsonPropertyName("lag")] IReadOnlyList<LagReply> Lag,
    [property: JsonPropertyName("dependencies")] IReadOnlyDictionary<string, DependencyReply> Dependencies);

/// <summary>What one process has recorded since it started.</summary>
internal sealed record ProcessReply(
    [property: JsonPropertyName("name")] string Name,
    [property: JsonPropertyName("started"), JsonConverter(typeof(EpochSecondsConverter))] DateTimeOffset Started,
    [property: JsonPropertyName("recorder")] RecorderReply Recorder,
    [property: JsonPropertyName("recorded")] long Recorded,
    [property: JsonPropertyName("duplicates")] long Duplicates,
    [property: JsonPropertyName("lost"), Description("Events that left the log before this process read them, as far as is known.")] long Lost,
    [property: JsonPropertyName("recordedPerSecond")] long RecordedPerSecond,
    [property: JsonPropertyName("latencyMs")] LatencyReply LatencyMs,
    [property: JsonPropertyName("latest")] IReadOnlyList<PurchaseV1> Latest)
{
    /// <summary>What <see cref="Recorder"/> says, as one text for people.</summary>
    [JsonPropertyName("state")]
    public string State => Recorder.Reason is { } reason ? $"{Recorder.State}: {reason}" : Recorder.State;
}

/// <summary>The recorder is <c>recording</c> or <c>held up</c>; the reason says by what it is held up.</summary>
internal sealed record RecorderReply(
    [property: JsonPropertyName("state")] string State,
    [property: JsonPropertyName("reason")] string? Reason);

/// <summary>Milliseconds from acceptance to record, of the last 60 seconds; null when nothing was recorded in them.</summary>
[Description("Milliseconds from acceptance to record, of all that the process recorded in the last 60 seconds; null when that was nothing. Never less than the truth, at most 1.6 % more.")]
internal sealed record LatencyReply(
    [property: JsonPropertyName("p50"), JsonIgnore(Condition = JsonIgnoreCondition.Never)] double? P50,
    [property: JsonPropertyName("p95"), JsonIgnore(Condition = JsonIgnoreCondition.Never)] double? P95,
    [property: JsonPropertyName("p99"), JsonIgnore(Condition = JsonIgnoreCondition.Never)] double? P99);

/// <summary>Events of a partition that are appended but not yet recorded.</summary>
internal sealed record LagReply(
    [property: JsonPropertyName("partition")] int Partition,
    [property: JsonPropertyName("lag")] long Lag);

/// <summary>A dependency is <c>up</c>, <c>degraded</c> or <c>down</c>; the reason says why it is not up.</summary>
internal sealed record DependencyReply(
    [property: JsonPropertyName("state")] string State,
    [property: JsonPropertyName("reason")] string? Reason);
