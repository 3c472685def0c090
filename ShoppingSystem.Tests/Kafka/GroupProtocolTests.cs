using ShoppingSystem.Purchases;
using ShoppingSystem.Tests.Support;

namespace ShoppingSystem.Tests.Kafka;

/// <summary>
/// The feed in the group protocol of Kafka 4 (KIP-848), in which the brokers assign partitions. The mock cluster speaks it; real brokers
/// before 4.0 don't.
/// </summary>
public sealed class GroupProtocolTests(ITestOutputHelper output)
{
    private const int Events = 240;

    private static readonly (string, string) Newer = ("Kafka:GroupProtocol", "consumer");

    [Fact]
    public async Task Readers_that_join_and_leave_read_each_committed_event_once()
    {
        using var brokers = Brokers.New();
        await using var first = await KafkaHost.StartAsync(brokers, settings: [Newer, ("Shopping:BatchSize", "10")]);
        var seen = new Seen();
        await first.Log.AppendAsync(Events);
        await using var reading = seen.ReadAsync(first.Feed);
        await Eventually.TrueAsync(() => seen.Count == Events, "the first reader has read all");

        await using (var second = await KafkaHost.StartAsync(brokers, log: false, settings: [Newer, ("Shopping:BatchSize", "10")]))
        {
            await using var sharing = seen.ReadAsync(second.Feed);
            await Eventually.TrueAsync(() => second.Feed.Lag.Count is > 0 and < 12 && first.Feed.Lag.Count + second.Feed.Lag.Count == 12, "both have partitions");
            await first.Log.AppendAsync(Events);
            await Eventually.TrueAsync(() => seen.Count == 2 * Events, "both have read all");
        }

        await first.Log.AppendAsync(Events);
        await Eventually.TrueAsync(() => seen.Count == 3 * Events, "the first reader has read the rest");
        output.WriteLine(string.Join('\n', first.Warnings));
        Assert.Equal(3 * Events, seen.Deliveries);
        Assert.Null(first.Feed.Loss);
        Assert.Null(first.Feed.Problem);
    }

    [Fact]
    public async Task A_static_member_gets_its_partitions_back()
    {
        using var brokers = Brokers.New();
        (string, string)[] settings = [Newer, ("Kafka:GroupInstanceId", "recorder-1"), ("Shopping:BatchSize", "10")];
        var seen = new Seen();
        for (var round = 1; round <= 2; round++)
        {
            await using var host = await KafkaHost.StartAsync(brokers, settings: settings);
            await using var reading = seen.ReadAsync(host.Feed);
            await host.Log.AppendAsync(Events);
            await Eventually.TrueAsync(() => seen.Count == round * Events, $"all is read in round {round}");
        }

        Assert.Equal(2 * Events, seen.Deliveries);
    }

    private sealed class Seen
    {
        private readonly Lock _gate = new();
        private readonly HashSet<(int, long)> _events = [];

        public int Count
        {
            get
            {
                lock (_gate)
                {
                    return _events.Count;
                }
            }
        }

        public int Deliveries { get; private set; }

        public Reading ReadAsync(IPurchaseFeed feed)
        {
            var stopping = new CancellationTokenSource();
            return new Reading(stopping, Task.Run(async () =>
            {
                await foreach (var batch in feed.ReadAsync(stopping.Token))
                {
                    lock (_gate)
                    {
                        _events.UnionWith(batch.Events.Select(@event => (@event.Partition, @event.Offset)));
                        Deliveries += batch.Events.Count;
                    }

                    await batch.CommitAsync();
                }
            }));
        }
    }

    private sealed class Reading(CancellationTokenSource stopping, Task task) : IAsyncDisposable
    {
        public async ValueTask DisposeAsync()
        {
            await stopping.CancelAsync();
            await task.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            stopping.Dispose();
        }
    }
}
