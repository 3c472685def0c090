using System.Globalization;
using System.Text;
using Confluent.Kafka;
using ShoppingSystem.MockKafka;
using ShoppingSystem.Purchases;
using ShoppingSystem.Tests.Hosts;
using ShoppingSystem.Tests.Support;

namespace ShoppingSystem.Tests.Kafka;

/// <summary>What the feed on Kafka does beyond the contract of the port: rebalances, stalls, other producers' events.</summary>
public sealed class FeedTests(ITestOutputHelper output)
{
    private const int Attempts = 3;
    private const int Events = 240;

    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(60);

    // A busy machine must not make the group believe that a reader died.
    private static readonly (string, string) Patiently = ("Kafka:SessionTimeoutMs", "10000");

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task The_batch_in_hand_is_committed_before_its_partitions_go_or_handed_out_there(bool finished)
    {
        for (var attempt = 1; !await HandOverAsync(finished, mayFail: attempt < Attempts); attempt++)
        {
            output.WriteLine("On this busy machine the group took the first reader for dead, so this proves nothing; once more.");
        }
    }

    // False when the group has thrown the first reader out: then everything is handed out again, as it should be.
    private async Task<bool> HandOverAsync(bool finished, bool mayFail)
    {
        using var brokers = Brokers.New();
        var handoverTime = ("Shopping:HandoverTime", finished ? "00:00:50" : "00:00:00.2");
        await using var first = await KafkaHost.StartAsync(brokers, settings: [Patiently, handoverTime]);
        await first.Log.AppendAsync(Events);
        await using var reading = first.Feed.ReadAsync(Soon()).GetAsyncEnumerator();
        var inHand = new List<FeedBatch>();
        for (var seen = 0; seen < Events; seen += inHand[^1].Events.Count)
        {
            await reading.MoveNextAsync();
            inHand.Add(reading.Current);
        }

        await using var second = await KafkaHost.StartAsync(brokers, log: false, settings: [Patiently, handoverTime]);
        await using var taking = second.Feed.ReadAsync(Soon()).GetAsyncEnumerator();
        var taken = taking.MoveNextAsync().AsTask();
        if (finished)
        {
            // The second one is let in while the first one still works on what it has: it is given time to.
            await Task.Delay(TimeSpan.FromSeconds(2));
            Assert.False(taken.IsCompleted);
            foreach (var batch in inHand)
            {
                await batch.CommitAsync();
            }

            await Eventually.TrueAsync(() => second.Feed.Lag.Count > 0, "the second has partitions");
            await first.Log.AppendAsync(Events);
        }

        Assert.True(await taken);
        output.WriteLine(string.Join('\n', first.Warnings));
        Assert.NotEmpty(taking.Current.Events);
        if (mayFail && first.Warnings.Any(line => line.Contains("UnknownMemberId", StringComparison.Ordinal)))
        {
            return false;
        }

        var firstOffsets = taking.Current.Events.GroupBy(@event => @event.Partition).Select(events => events.Min(@event => @event.Offset));
        var ends = inHand.SelectMany(batch => batch.Events).GroupBy(@event => @event.Partition).ToDictionary(events => events.Key, events => events.Max(@event => @event.Offset) + 1);
        Assert.All(taking.Current.Events, @event => Assert.True(finished ? @event.Offset >= ends[@event.Partition] : @event.Offset >= 0));
        if (!finished)
        {
            Assert.All(firstOffsets, offset => Assert.Equal(0, offset));
            foreach (var batch in inHand)
            {
                // Says nothing any more about the partitions that are gone; the others are committed.
                await batch.CommitAsync();
            }
        }

        return true;
    }

    [Fact]
    public async Task A_batch_whose_partitions_are_lost_is_not_committed_but_fed_again()
    {
        const int UnknownMember = 25;
        using var cluster = NewCluster();
        await using var host = await KafkaHost.StartAsync(cluster, settings: Patiently);
        await host.Log.AppendAsync(Events);
        await using var reading = host.Feed.ReadAsync(Soon()).GetAsyncEnumerator();
        var inHand = new List<FeedBatch>();
        for (var seen = 0; seen < Events; seen += inHand[^1].Events.Count)
        {
            await reading.MoveNextAsync();
            inHand.Add(reading.Current);
        }

        cluster.TrackRequests();
        cluster.Fail(MockCluster.Api.Heartbeat, UnknownMember);
        await Eventually.TrueAsync(() => host.Warnings.Any(line => line.Contains("12 partitions were lost", StringComparison.Ordinal)), "the group throws it out");
        foreach (var batch in inHand)
        {
            await batch.CommitAsync();
        }

        // It is back in the group, and reads from what is committed: nothing.
        var again = new HashSet<(int, long)>();
        while (again.Count < Events)
        {
            await reading.MoveNextAsync();
            again.UnionWith(reading.Current.Events.Select(@event => (@event.Partition, @event.Offset)));
        }

        Assert.DoesNotContain((short)MockCluster.Api.OffsetCommit, cluster.Requests().Keys);
        await reading.Current.CommitAsync();
        await Eventually.TrueAsync(() => cluster.Requests().ContainsKey((short)MockCluster.Api.OffsetCommit), "what it holds again it commits");
        output.WriteLine($"{inHand.Sum(batch => batch.Events.Count)} in hand when 12 partitions were lost, 0 committed, {again.Count} handed out again");
    }

    [Fact]
    public async Task A_consumer_that_hangs_when_it_is_to_leave_the_group_is_not_freed_under_its_thread()
    {
        using var brokers = Brokers.New();
        WatchedConsumers? consumers = null;
        var host = await KafkaHost.StartAsync(brokers, consumerBuilder: config => consumers = new WatchedConsumers(config));
        await host.Log.AppendAsync(Some.Purchase());
        await using (var reading = host.Feed.ReadAsync(Soon()).GetAsyncEnumerator())
        {
            await reading.MoveNextAsync();
            consumers!.MayLeave.Reset();
        }

        Assert.Equal(1, consumers.Leaving);
        Assert.Contains(host.Warnings, line => line.Contains("took longer than", StringComparison.Ordinal));
        await host.DisposeAsync();

        Assert.Equal(1, consumers.Leaving);
        Assert.Equal(0, consumers.FreedInUse);
        consumers.MayLeave.Set();
        await Eventually.TrueAsync(() => consumers.Leaving == 0, "it ends after all");
        consumers.Dispose();
    }

    [Fact]
    public async Task A_reader_that_stops_while_partitions_are_assigned_to_it_leaves_the_group()
    {
        using var cluster = new MockCluster();
        cluster.CreateTopic(Brokers.DefaultTopic, Brokers.DefaultPartitions);
        WatchedConsumers? consumers = null;
        await using var host = await KafkaHost.StartAsync(cluster, log: false, consumerBuilder: config => consumers = new WatchedConsumers(config));
        cluster.TrackRequests();
        for (var broker = 1; broker <= cluster.Brokers; broker++)
        {
            cluster.SlowDown(broker, TimeSpan.FromSeconds(1));
        }

        var reading = host.Feed.ReadAsync(Soon()).GetAsyncEnumerator();
        var first = reading.MoveNextAsync().AsTask();
        await ArrivedAsync(MockCluster.Api.JoinGroup);
        // It no longer polls when the group answers, so it is told of its partitions only while it leaves.
        consumers!.MayLeave.Reset();
        var stopped = reading.DisposeAsync().AsTask();
        await Eventually.TrueAsync(() => consumers.Leaving == 1, "it stops");
        await ArrivedAsync(MockCluster.Api.Heartbeat);
        consumers.MayLeave.Set();

        await stopped;
        await ArrivedAsync(MockCluster.Api.LeaveGroup);
        Assert.DoesNotContain(host.Warnings, line => line.Contains("Leaving the group", StringComparison.Ordinal));
        await Assert.ThrowsAnyAsync<Exception>(() => first);
        consumers.Dispose();

        Task ArrivedAsync(MockCluster.Api request) => Eventually.TrueAsync(() => cluster.Requests().ContainsKey((short)request), $"{request}");
    }

    [Fact]
    public async Task While_a_commit_is_not_answered_events_are_handed_out_and_it_is_waited_for_at_the_end()
    {
        using var brokers = Brokers.New();
        WatchedConsumers? consumers = null;
        await using var host = await KafkaHost.StartAsync(brokers, consumerBuilder: config => consumers = new WatchedConsumers(config));
        await host.Log.AppendAsync(Some.Purchase());
        var reading = host.Feed.ReadAsync(Soon()).GetAsyncEnumerator();
        await reading.MoveNextAsync();
        consumers!.MayCommit.Reset();
        await reading.Current.CommitAsync();

        await host.Log.AppendAsync(Some.Purchase());
        await reading.MoveNextAsync();
        await reading.Current.CommitAsync();

        var left = reading.DisposeAsync().AsTask();
        Assert.Equal(0, consumers.Leaving);
        consumers.MayCommit.Set();
        await left;

        // Both are committed.
        await host.Log.AppendAsync(Some.Purchase());
        await using var again = host.Feed.ReadAsync(Soon()).GetAsyncEnumerator();
        await again.MoveNextAsync();
        Assert.Single(again.Current.Events);
        Assert.Equal(0, consumers.FreedInUse);
        Assert.DoesNotContain(host.Warnings, line => line.Contains("Leaving the group", StringComparison.Ordinal));
    }

    [Fact]
    public async Task An_event_that_the_client_hands_out_twice_in_a_row_is_no_loss_and_is_taken_once()
    {
        using var brokers = Brokers.New();
        await using var host = await KafkaHost.StartAsync(brokers, consumerBuilder: config => new WatchedConsumers(config) { HandsOutTwice = true });
        using var losses = new CountedLosses(host);
        await host.Log.AppendAsync(Events);
        var seen = new List<(int, long)>();
        await using var reading = host.Feed.ReadAsync(Soon()).GetAsyncEnumerator();
        while (seen.Count < Events)
        {
            await reading.MoveNextAsync();
            seen.AddRange(reading.Current.Events.Select(@event => (@event.Partition, @event.Offset)));
            await reading.Current.CommitAsync();
        }

        Assert.Equal(seen.Distinct(), seen);
        Assert.Empty(losses);
        Assert.Null(host.Feed.Loss);
    }

    [Fact]
    public async Task A_reader_that_is_held_up_stays_in_the_group()
    {
        using var brokers = Brokers.New();
        await using var host = await KafkaHost.StartAsync(
            brokers, settings: [("Kafka:MaxPollIntervalMs", "6000"), ("Shopping:BatchSize", "10")]);
        await host.Log.AppendAsync(Events);
        var seen = new List<(int, long)>();
        await using var reading = host.Feed.ReadAsync(Soon()).GetAsyncEnumerator();
        await reading.MoveNextAsync();
        Note(reading.Current);

        // Longer than the client may go without polling, were it the reader that polls.
        await Task.Delay(TimeSpan.FromSeconds(9));
        await host.Log.AppendAsync(Events);
        await Eventually.TrueAsync(() => host.Feed.Lag.Sum(lag => lag.Lag) == 2 * Events, "the lag grows meanwhile");
        await reading.Current.CommitAsync();
        while (seen.Count < 2 * Events)
        {
            await reading.MoveNextAsync();
            Note(reading.Current);
            await reading.Current.CommitAsync();
        }

        Assert.Equal(2 * Events, seen.Distinct().Count());
        Assert.DoesNotContain(host.Warnings, line => line.Contains("lost", StringComparison.Ordinal));

        void Note(FeedBatch batch) => seen.AddRange(batch.Events.Select(@event => (@event.Partition, @event.Offset)));
    }

    [Fact]
    public async Task A_reader_that_is_held_up_while_its_partitions_are_lost_is_given_nothing_of_what_was_read_ahead()
    {
        const int UnknownMember = 25;
        using var cluster = NewCluster();
        await using var host = await KafkaHost.StartAsync(cluster, settings: [Patiently, ("Shopping:BatchSize", "10")]);
        await host.Log.AppendAsync(Events);
        await using var reading = host.Feed.ReadAsync(Soon()).GetAsyncEnumerator();
        await reading.MoveNextAsync();
        await Eventually.TrueAsync(() => host.Feed.Lag.Sum(lag => lag.Lag) == Events, "fetching is paused");
        cluster.Fail(MockCluster.Api.Heartbeat, UnknownMember);
        await Eventually.TrueAsync(() => host.Warnings.Any(line => line.Contains("12 partitions were lost", StringComparison.Ordinal)), "the group throws it out");
        await Eventually.TrueAsync(() => host.Feed.Lag.Sum(lag => lag.Lag) == Events, "it is back in the group, and fetching is paused");
        await reading.Current.CommitAsync();

        await reading.MoveNextAsync();
        Assert.All(reading.Current.Events.GroupBy(@event => @event.Partition), events => Assert.Equal(0, events.First().Offset));
        var again = new HashSet<(int, long)>(reading.Current.Events.Select(@event => (@event.Partition, @event.Offset)));
        while (again.Count < Events)
        {
            await reading.MoveNextAsync();
            again.UnionWith(reading.Current.Events.Select(@event => (@event.Partition, @event.Offset)));
        }
    }

    [Fact]
    public async Task Lag_is_not_reported_before_it_is_known()
    {
        const int LeaderNotAvailable = 5;
        using var cluster = NewCluster();
        await using var host = await KafkaHost.StartAsync(cluster);
        await host.Log.AppendAsync(Events);
        cluster.Fail(MockCluster.Api.Fetch, [.. Enumerable.Repeat(LeaderNotAvailable, 20)]);
        await using var reading = host.Feed.ReadAsync(Soon()).GetAsyncEnumerator();
        Assert.True(await reading.MoveNextAsync());

        await Eventually.TrueAsync(() => host.Feed.Lag.Count > 0, "something is known");
        while (host.Feed.Lag is { Count: < 12 } lag)
        {
            Assert.All(lag, partition => Assert.NotEqual(0, partition.Lag));
            await Task.Delay(10);
        }

        Assert.Equal(Events, host.Feed.Lag.Sum(partition => partition.Lag));
    }

    [Fact]
    public async Task Lag_of_every_partition_is_known_before_a_quarter_is_read()
    {
        const int Batch = 10;
        const int Backlog = 10 * Events;
        using var brokers = Brokers.New();
        await using var host = await KafkaHost.StartAsync(brokers, settings: ("Shopping:BatchSize", $"{Batch}"));
        await host.Log.AppendAsync(Backlog);
        await using var reading = host.Feed.ReadAsync(Soon()).GetAsyncEnumerator();

        // Slow, but not so slow that reading ahead is paused.
        for (var taken = 0; host.Feed.Lag.Count < 12; taken += Batch)
        {
            Assert.True(taken < Backlog / 4, "a quarter is read");
            Assert.True(await reading.MoveNextAsync());
            await reading.Current.CommitAsync();
            await Task.Delay(100);
        }

        Assert.True(host.Feed.Lag.Sum(partition => partition.Lag) > Backlog / 2, "nearly all of it");
    }

    [Fact]
    public async Task A_partition_without_events_has_no_lag()
    {
        using var brokers = Brokers.New();
        await using var host = await KafkaHost.StartAsync(brokers);
        await using var reading = host.Feed.ReadAsync(Soon()).GetAsyncEnumerator();
        var taken = reading.MoveNextAsync().AsTask();
        await Eventually.TrueAsync(() => host.Feed.Lag.Count == 12, "all are known");
        Assert.All(host.Feed.Lag, partition => Assert.Equal(0, partition.Lag));

        await host.Log.AppendAsync(Some.Purchase());
        Assert.True(await taken);
        await Eventually.TrueAsync(() => host.Feed.Lag.Sum(partition => partition.Lag) == 1, "it is not committed yet");
        await reading.Current.CommitAsync();
        await Eventually.TrueAsync(() => host.Feed.Lag.Sum(partition => partition.Lag) == 0, "it is");
    }

    /// <summary>What a tool that sets offsets leaves behind, or a topic that was deleted and created again.</summary>
    [Fact]
    public async Task A_group_committed_beyond_the_end_reads_from_the_start()
    {
        using var brokers = Brokers.New(partitions: 1);
        await using var host = await KafkaHost.StartAsync(brokers);
        await host.Log.AppendAsync(Events);
        using (var tool = new ConsumerBuilder<Ignore, Ignore>(new ConsumerConfig { BootstrapServers = brokers.BootstrapServers, GroupId = brokers.Group }).Build())
        {
            tool.Commit([new TopicPartitionOffset(brokers.Topic, 0, 1_000_000)]);
        }

        await using var reading = host.Feed.ReadAsync(Soon()).GetAsyncEnumerator();
        Assert.True(await reading.MoveNextAsync());

        Assert.Equal(0, reading.Current.Events[0].Offset);
        await Eventually.TrueAsync(() => host.Feed.Lag is [{ Lag: Events }], "nothing is recorded yet");
        Assert.Contains("has committed 1000000 in partition 0", host.Feed.Loss?.Reason, StringComparison.Ordinal);
        Assert.Contains("unless a tool set that", host.Feed.Loss?.Reason, StringComparison.Ordinal);
        Assert.Single(host.Warnings, line => line.Contains($"has committed 1000000 in partition 0, which ends at {Events}", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_feed_can_be_read_again_after_a_reading_ended()
    {
        using var brokers = Brokers.New();
        await using var host = await KafkaHost.StartAsync(brokers);
        for (var round = 1; round <= 3; round++)
        {
            await host.Log.AppendAsync(Some.Purchase($"u{round}"));
            await foreach (var batch in host.Feed.ReadAsync(Soon()))
            {
                Assert.True(PurchaseEvent.TryRead(Assert.Single(batch.Events), out var purchase, out _));
                Assert.Equal($"u{round}", purchase.UserId);
                await batch.CommitAsync();
                break;
            }
        }
    }

    [Fact]
    public async Task A_reading_that_ends_leaves_the_group_at_once()
    {
        using var cluster = NewCluster();
        await using var host = await KafkaHost.StartAsync(cluster);
        await host.Log.AppendAsync(Some.Purchase());
        cluster.TrackRequests();
        await using (var reading = host.Feed.ReadAsync(Soon()).GetAsyncEnumerator())
        {
            await reading.MoveNextAsync();
            Assert.DoesNotContain((short)MockCluster.Api.LeaveGroup, cluster.Requests().Keys);
        }

        Assert.Contains((short)MockCluster.Api.LeaveGroup, cluster.Requests().Keys);
    }

    /// <summary>The mock cluster keeps 5 MiB of a partition, as a topic's retention does while nobody records for too long.</summary>
    [Fact]
    public async Task Events_that_the_topic_deleted_before_recording_are_reported()
    {
        const int Unread = 8000;
        var purchase = Some.Purchase(new string('u', 128), item: string.Concat(Enumerable.Repeat("🛒", 128)));
        using var cluster = NewCluster();
        await using var host = await KafkaHost.StartAsync(cluster);
        using var counted = new CountedLosses(host);
        await host.Log.AppendAsync(purchase);
        await using (var reading = host.Feed.ReadAsync(Soon()).GetAsyncEnumerator())
        {
            await reading.MoveNextAsync();
            await reading.Current.CommitAsync();
        }

        Assert.DoesNotContain(host.Warnings, line => line.Contains("are gone", StringComparison.Ordinal));
        await Task.WhenAll(Enumerable.Range(0, Unread).Select(_ => host.Log.AppendAsync(purchase).AsTask()));

        await using var again = host.Feed.ReadAsync(Soon()).GetAsyncEnumerator();
        await again.MoveNextAsync();
        var first = again.Current.Events[0];

        Assert.InRange(first.Offset, 2, Unread);
        var warning = Assert.Single(host.Warnings, line => line.Contains("are gone", StringComparison.Ordinal));
        Assert.StartsWith($"The events 1 to {first.Offset - 1} of partition {first.Partition} are gone", warning, StringComparison.Ordinal);
        Assert.Equal(first.Offset - 1, host.Feed.Loss?.Events);
        Assert.Contains((first.Partition.ToString(CultureInfo.InvariantCulture), first.Offset - 1), counted);
    }

    [Fact]
    public async Task Events_of_other_producers_are_recorded_and_unreadable_ones_are_dead_letters()
    {
        await using var cluster = await ClusterProcesses.StartAnywhereAsync(recorders: 1);
        using var other = new ProducerBuilder<string?, byte[]?>(new ProducerConfig { BootstrapServers = cluster.Brokers.BootstrapServers }).Build();
        string[] good =
        [
            """{"username":"Bob","userId":"u7","price":"3.20","timestamp":"2024-01-19T11:20:00Z"}""",
            """{"username":"Eve","userid":"u8","price":1.5,"timestamp":1705663200.5}""",
            """{"Username":"Eve","UserId":"u8","Price":2,"Timestamp":1705663200123,"colour":{"any":[1]}}""",
            """{"username":"Eve","userid":"u8","price":3}""",
        ];
        byte[]?[] bad = [null, [], "not json"u8.ToArray(), [0xFF, 0xFE], """{"username":"Eve","userid":"u9","price":-1}"""u8.ToArray()];
        foreach (var value in good)
        {
            await SendAsync(Encoding.UTF8.GetBytes(value), Timestamp.Default);
        }

        // A clock that is ahead stops nothing; brokers refuse what is ahead by more than an hour (message.timestamp.after.max.ms).
        await SendAsync(Encoding.UTF8.GetBytes(good[3]), new Timestamp(DateTime.UtcNow.AddMinutes(50)));
        foreach (var value in bad)
        {
            await SendAsync(value, Timestamp.Default);
        }

        await Eventually.TrueAsync(
            async () => await cluster.Store.CountAsync() == good.Length + 1 && await cluster.DeadLetters.CountAsync() == bad.Length,
            Timeout, "all are dealt with");
        Assert.Equal(4, (await cluster.Store.ReadHistoryAsync("u8", 10)).Purchases.Count);
        var letters = (await cluster.DeadLetters.ListAsync(10)).Letters;
        Assert.All(letters, letter => Assert.NotEmpty(letter.Reason));
        Assert.Contains(letters, letter => letter.Event.Value.Span.SequenceEqual("not json"u8));
        output.WriteLine(string.Join('\n', letters.Select(letter => letter.Reason)));

        Task SendAsync(byte[]? value, Timestamp timestamp) =>
            other.ProduceAsync(new TopicPartition(cluster.Brokers.Topic, 3), new Message<string?, byte[]?> { Value = value, Timestamp = timestamp });
    }

    private static MockCluster NewCluster()
    {
        var cluster = new MockCluster();
        cluster.CreateTopic("purchases", 12);
        return cluster;
    }

    private static CancellationToken Soon() => new CancellationTokenSource(Timeout).Token;
}
