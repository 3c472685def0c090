using System.Diagnostics.Metrics;
using System.Globalization;
using Microsoft.Extensions.Hosting;
using ShoppingSystem.Purchases;

namespace ShoppingSystem.Ledger;

/// <summary>The gauge <c>shopping.feed.lag</c>: how far this process is behind, for each partition it reads.</summary>
internal sealed class LagGauge(IPurchaseFeed feed) : IHostedService, IDisposable
{
    private readonly Meter _meter = new(Signals.Name);

    public Task StartAsync(CancellationToken cancellationToken)
    {
        _meter.CreateObservableGauge("shopping.feed.lag", Observe, "{event}", "Events appended but not yet committed.");
        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken)
    {
        _meter.Dispose();
        return Task.CompletedTask;
    }

    public void Dispose() => _meter.Dispose();

    private IEnumerable<Measurement<long>> Observe() => feed.Lag.Select(partition => new Measurement<long>(
        partition.Lag, new KeyValuePair<string, object?>("messaging.destination.partition.id", partition.Partition.ToString(CultureInfo.InvariantCulture))));
}
