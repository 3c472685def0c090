using System.Diagnostics;

namespace ShoppingSystem.Purchases;

/// <summary>
/// A log with a span for each append, and its duration in <see cref="Signals.AppendDuration"/>. Costs nothing when neither is
/// collected.
/// </summary>
/// <param name="log">The log.</param>
/// <param name="signals">The host's telemetry.</param>
public sealed class ObservedPurchaseLog(IPurchaseLog log, Signals signals) : IPurchaseLog
{
    private readonly string _spanName =
        $"send {log.SpanTags.FirstOrDefault(tag => tag.Key is "messaging.destination.name").Value ?? "purchases"}";

    /// <inheritdoc />
    public IReadOnlyList<KeyValuePair<string, object?>> SpanTags => log.SpanTags;

    /// <inheritdoc />
    public ValueTask AppendAsync(Purchase purchase, CancellationToken cancellationToken = default) =>
        signals.AppendDuration.Enabled || Signals.Activities.HasListeners()
            ? ObserveAsync(purchase, cancellationToken)
            : log.AppendAsync(purchase, cancellationToken);

    private async ValueTask ObserveAsync(Purchase purchase, CancellationToken cancellationToken)
    {
        var started = Stopwatch.GetTimestamp();
        using var span = Signals.Activities.StartActivity(_spanName, ActivityKind.Producer);
        if (span is { IsAllDataRequested: true })
        {
            foreach (var (name, value) in log.SpanTags)
            {
                span.SetTag(name, value);
            }

            span.SetTag("messaging.operation.type", "send").SetTag("messaging.operation.name", "send");
        }

        try
        {
            await log.AppendAsync(purchase, cancellationToken);
            signals.AppendDuration.Record(Stopwatch.GetElapsedTime(started).TotalSeconds);
        }
        catch (PurchaseLogUnavailableException e)
        {
            span?.SetTag("error.type", e.ErrorType).SetStatus(ActivityStatusCode.Error, e.Message);
            signals.AppendDuration.Record(Stopwatch.GetElapsedTime(started).TotalSeconds, new KeyValuePair<string, object?>("error.type", e.ErrorType));
            throw;
        }
    }
}
