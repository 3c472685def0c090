using System.Diagnostics.Metrics;
using Microsoft.Extensions.Time.Testing;
using ShoppingSystem.Ledger;
using ShoppingSystem.Purchases;
using ShoppingSystem.Tests.Support;

namespace ShoppingSystem.Tests.Ledger;

public sealed class FeedGaugesTests
{
    private readonly FakeTimeProvider _clock = new(Some.Moment);
    private readonly IMeterFactory _meters = Some.Meters();

    [Fact]
    public async Task Lag_and_age_are_reported_per_partition_and_an_unknown_age_is_omitted()
    {
        var feed = new Feed(
            new PartitionLag(0, 0), new PartitionLag(3, 7, _clock.GetUtcNow().AddSeconds(-2.5)), new PartitionLag(4, 7),
            new PartitionLag(5, 1, _clock.GetUtcNow().AddSeconds(3)));
        var gauges = new FeedGauges(feed, _clock, _meters, new Signals(_meters));
        await gauges.StartAsync(CancellationToken.None);

        var measured = Measure();

        Assert.Equal([("0", 0), ("3", 7), ("4", 7), ("5", 1)], measured["shopping.feed.lag"]);
        Assert.Equal([("0", 0), ("3", 2.5), ("5", 0)], measured["shopping.feed.oldest_age"]);
    }

    private Dictionary<string, List<(string Partition, double Value)>> Measure()
    {
        var measured = new List<(Instrument Gauge, string Partition, double Value)>();
        using var listener = new MeterListener();
        listener.InstrumentPublished = (instrument, listener) =>
        {
            if (instrument.IsObservable && instrument.Meter.Scope == _meters)
            {
                listener.EnableMeasurementEvents(instrument);
            }
        };
        listener.SetMeasurementEventCallback<long>((gauge, value, tags, _) => measured.Add((gauge, (string)tags[0].Value!, value)));
        listener.SetMeasurementEventCallback<double>((gauge, value, tags, _) => measured.Add((gauge, (string)tags[0].Value!, value)));
        listener.Start();
        listener.RecordObservableInstruments();
        return measured.GroupBy(value => value.Gauge)
            .ToDictionary(gauge => gauge.Key.Name, gauge => gauge.Select(value => (value.Partition, value.Value)).ToList());
    }

    private sealed class Feed(params PartitionLag[] lag) : IPurchaseFeed
    {
        public IReadOnlyList<PartitionLag> Lag => lag;

        public string? Problem => null;

        public FeedLoss? Loss => null;

        public IReadOnlyList<KeyValuePair<string, object?>> SpanTags => [];

        public IAsyncEnumerable<FeedBatch> ReadAsync(CancellationToken cancellationToken = default) => throw new NotSupportedException();
    }
}
