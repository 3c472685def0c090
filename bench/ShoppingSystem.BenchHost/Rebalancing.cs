using System.Diagnostics;
using System.Globalization;
using Confluent.Kafka;
using ShoppingSystem.Kafka;
using ShoppingSystem.Purchases;

/// <summary>
/// How long partitions stand still while readers of the group come and go, by the offsets that are committed.
///   --rebalancing reader   reads and commits until it is ended
///   --rebalancing watch    has a reader join, leave and be killed, --rounds times, at --rate events a second, and prints for each change the longest
///                          time in which a partition with new events had nothing committed, in seconds
/// Both with --Kafka:HeartbeatIntervalMs, --Kafka:SessionTimeoutMs and the like.
/// </summary>
internal static class Rebalancing
{
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(20);
    private static readonly TimeSpan Settling = TimeSpan.FromSeconds(20);

    public static Task<int> RunAsync(string[] args) => args[1] is "reader" ? ReadAsync(args) : WatchAsync(args);

    private static async Task<int> ReadAsync(string[] args)
    {
        var builder = Host.CreateApplicationBuilder(args);
        builder.Logging.ClearProviders();
        builder.Services.AddSingleton(TimeProvider.System);
        builder.AddKafkaPurchaseFeed();
        using var host = builder.Build();
        await host.StartAsync();
        try
        {
            await foreach (var batch in host.Services.GetRequiredService<IPurchaseFeed>().ReadAsync(host.Services.GetRequiredService<IHostApplicationLifetime>().ApplicationStopping))
            {
                await batch.CommitAsync();
            }
        }
        catch (OperationCanceledException)
        {
            // It was told to stop; by now it has left the group.
        }

        await host.StopAsync();
        return 0;
    }

    private static async Task<int> WatchAsync(string[] args)
    {
        var configuration = new ConfigurationBuilder().AddCommandLine(args[2..]).Build();
        var servers = configuration["ConnectionStrings:kafka"]!;
        var rounds = configuration.GetValue("rounds", 5);
        var partitions = Enumerable.Range(0, configuration.GetValue("partitions", 12)).Select(partition => new TopicPartition("purchases", partition)).ToList();
        using var ended = new CancellationTokenSource();
        var producing = Task.Run(() => Produce(servers, partitions, configuration.GetValue("rate", 400), ended.Token));
        using var watcher = new ConsumerBuilder<Ignore, Ignore>(new ConsumerConfig { BootstrapServers = servers, GroupId = new KafkaOptions().ConsumerGroup }).Build();

        using var first = StartReader(args);
        await WatchAsync(watcher, partitions, Settling);
        for (var round = 0; round < rounds; round++)
        {
            var second = StartReader(args);
            Report("joins", await WatchAsync(watcher, partitions, Settling));
            using (var leave = Process.Start("kill", ["-TERM", second.Id.ToString(CultureInfo.InvariantCulture)]))
            {
                Report("leaves", await WatchAsync(watcher, partitions, Settling));
            }

            second.Dispose();
            second = StartReader(args);
            await WatchAsync(watcher, partitions, Settling);
            second.Kill();
            Report("killed", await WatchAsync(watcher, partitions, 2 * Settling));
            second.Dispose();
        }

        first.Kill();
        await ended.CancelAsync();
        await producing;
        return 0;
    }

    private static void Report(string change, TimeSpan standstill) =>
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{change} {standstill.TotalSeconds:F2}"));

    private static Process StartReader(string[] args) =>
        Process.Start(new ProcessStartInfo(Environment.ProcessPath!, [typeof(Rebalancing).Assembly.Location, "--rebalancing", "reader", .. args[2..]]) { RedirectStandardOutput = true })!;

    private static void Produce(string servers, List<TopicPartition> partitions, int rate, CancellationToken ended)
    {
        using var producer = new ProducerBuilder<Null, byte[]>(new ProducerConfig { BootstrapServers = servers, LingerMs = 0 }).Build();
        var started = Stopwatch.GetTimestamp();
        for (var sent = 0L; !ended.IsCancellationRequested; Thread.Sleep(5))
        {
            for (var due = (long)(Stopwatch.GetElapsedTime(started).TotalSeconds * rate); sent < due; sent++)
            {
                producer.Produce(partitions[(int)(sent % partitions.Count)], new Message<Null, byte[]> { Value = "{}"u8.ToArray() });
            }
        }
    }

    /// <summary>The longest time within <paramref name="time"/> in which nothing was committed in some partition.</summary>
    private static async Task<TimeSpan> WatchAsync(IConsumer<Ignore, Ignore> watcher, List<TopicPartition> partitions, TimeSpan time)
    {
        var started = Stopwatch.GetTimestamp();
        var longest = TimeSpan.Zero;
        var last = partitions.ToDictionary(partition => partition.Partition, _ => (Offset: Offset.Unset, At: started));
        while (Stopwatch.GetElapsedTime(started) < time)
        {
            foreach (var committed in watcher.Committed(partitions, TimeSpan.FromSeconds(5)))
            {
                var (offset, at) = last[committed.Partition];
                if (offset != committed.Offset)
                {
                    longest = TimeSpan.FromTicks(Math.Max(longest.Ticks, Stopwatch.GetElapsedTime(at).Ticks));
                    last[committed.Partition] = (committed.Offset, Stopwatch.GetTimestamp());
                }
            }

            await Task.Delay(Interval);
        }

        return TimeSpan.FromTicks(Math.Max(longest.Ticks, last.Values.Max(seen => Stopwatch.GetElapsedTime(seen.At).Ticks)));
    }
}
