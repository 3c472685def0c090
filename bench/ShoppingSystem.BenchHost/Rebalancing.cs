using System.Diagnostics;
using System.Globalization;
using Confluent.Kafka;
using ShoppingSystem.Kafka;
using ShoppingSystem.Purchases;

/// <summary>
/// How long partitions stand still while readers of the group come and go, by what is handed out.
///   --rebalancing reader   reads and commits until it is ended, and prints "partition first-offset last-offset" for what it was handed out
///   --rebalancing watch    two readers; two more join; three leave (SIGTERM); one joins, and is killed. At --rate events a second into --partitions.
/// For each change the watch prints the longest time in which nothing of a partition was handed out: the median of the partitions, the longest,
/// and their sum, in seconds; at the end, what became of the events. The readers have --Kafka:GroupProtocol, --Kafka:SessionTimeoutMs and the like;
/// their warnings go to standard error.
/// </summary>
internal static class Rebalancing
{
    private static readonly TimeSpan AtLeast = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan AtMost = TimeSpan.FromMinutes(2);
    private static readonly TimeSpan Still = TimeSpan.FromSeconds(2);

    public static Task<int> RunAsync(string[] args) => args[1] is "reader" ? ReadAsync(args) : WatchAsync(args);

    private static async Task<int> ReadAsync(string[] args)
    {
        var builder = Host.CreateApplicationBuilder(args);
        builder.Logging.ClearProviders().SetMinimumLevel(LogLevel.Warning).AddSimpleConsole(console => console.SingleLine = true);
        builder.Services.Configure<Microsoft.Extensions.Logging.Console.ConsoleLoggerOptions>(console => console.LogToStandardErrorThreshold = LogLevel.Trace);
        builder.Services.AddSingleton(TimeProvider.System);
        builder.AddKafkaPurchaseFeed();
        using var host = builder.Build();
        await host.StartAsync();
        try
        {
            await foreach (var batch in host.Services.GetRequiredService<IPurchaseFeed>().ReadAsync(host.Services.GetRequiredService<IHostApplicationLifetime>().ApplicationStopping))
            {
                foreach (var events in batch.Events.GroupBy(@event => @event.Partition))
                {
                    Console.WriteLine($"{events.Key} {events.First().Offset} {events.Last().Offset}");
                }

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
        var partitions = Enumerable.Range(0, configuration.GetValue("partitions", 12)).Select(partition => new TopicPartition("purchases", partition)).ToList();
        var watched = partitions.Select(_ => new Watched()).ToArray();
        using var ended = new CancellationTokenSource();
        var producing = Task.Run(() => Produce(servers, partitions, watched, configuration.GetValue("rate", 400), ended.Token));
        var readers = new Stack<Process>();

        Join(2);
        await ChangeAsync(null);
        Join(2);
        await ChangeAsync("2-to-4");
        var leaving = Enumerable.Range(0, 3).Select(_ => readers.Pop()).ToList();
        leaving.ForEach(Terminate);
        await ChangeAsync("4-to-1");
        Join(1);
        await ChangeAsync("1-to-2");
        readers.Pop().Kill();
        await ChangeAsync("killed");

        await ended.CancelAsync();
        await producing;
        var finishing = Stopwatch.GetTimestamp();
        while (watched.Sum(partition => partition.Missing) > 0 && Stopwatch.GetElapsedTime(finishing) < AtMost)
        {
            await Task.Delay(100);
        }

        // The last reader commits what it has in hand before it leaves.
        var last = readers.Pop();
        Terminate(last);
        await last.WaitForExitAsync();
        using var asking = new ConsumerBuilder<Ignore, Ignore>(new ConsumerConfig { BootstrapServers = servers, GroupId = new KafkaOptions().ConsumerGroup }).Build();
        var uncommitted = asking.Committed(partitions, TimeSpan.FromSeconds(30)).Sum(committed => watched[committed.Partition].After(committed.Offset));
        Console.WriteLine($"events {watched.Sum(partition => partition.Acknowledged)} {watched.Sum(partition => partition.Missing)} {watched.Sum(partition => partition.Twice)} {uncommitted}");
        return 0;

        void Join(int count)
        {
            for (; count > 0; count--)
            {
                readers.Push(StartReader(args, watched));
            }
        }

        // Waits until it is over: something of every partition has been handed out just now, and the group has had time to begin.
        async Task ChangeAsync(string? name)
        {
            var started = Stopwatch.GetTimestamp();
            Array.ForEach(watched, partition => partition.Begin());
            do
            {
                await Task.Delay(20);
            }
            while (Stopwatch.GetElapsedTime(started) < AtLeast || (watched.Any(partition => partition.StandsStill > Still) && Stopwatch.GetElapsedTime(started) < AtMost));

            var longest = watched.Select(partition => partition.Longest.TotalSeconds).Order().ToList();
            if (name is not null)
            {
                Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{name} {longest[(longest.Count - 1) / 2]:F2} {longest[^1]:F2} {longest.Sum():F1}"));
            }
        }
    }

    private static void Terminate(Process process)
    {
        using var kill = Process.Start("kill", ["-TERM", process.Id.ToString(CultureInfo.InvariantCulture)]);
        kill.WaitForExit();
    }

    private static Process StartReader(string[] args, Watched[] watched)
    {
        var reader = Process.Start(new ProcessStartInfo(Environment.ProcessPath!, [typeof(Rebalancing).Assembly.Location, "--rebalancing", "reader", .. args[2..]]) { RedirectStandardOutput = true })!;
        reader.OutputDataReceived += (_, line) =>
        {
            // A reader that is killed may leave half a line.
            if (line.Data?.Split(' ') is [var partition, var first, var last])
            {
                watched[int.Parse(partition, CultureInfo.InvariantCulture)].HandedOut(long.Parse(first, CultureInfo.InvariantCulture), long.Parse(last, CultureInfo.InvariantCulture));
            }
        };
        reader.BeginOutputReadLine();
        return reader;
    }

    private static void Produce(string servers, List<TopicPartition> partitions, Watched[] watched, int rate, CancellationToken ended)
    {
        using var producer = new ProducerBuilder<Null, byte[]>(new ProducerConfig { BootstrapServers = servers, LingerMs = 0, EnableIdempotence = true }).Build();
        var started = Stopwatch.GetTimestamp();
        for (var sent = 0L; !ended.IsCancellationRequested; Thread.Sleep(5))
        {
            for (var due = (long)(Stopwatch.GetElapsedTime(started).TotalSeconds * rate); sent < due; sent++)
            {
                producer.Produce(partitions[(int)(sent % partitions.Count)], new Message<Null, byte[]> { Value = "{}"u8.ToArray() }, report =>
                {
                    if (!report.Error.IsError)
                    {
                        watched[report.Partition].Acknowledge(report.Offset);
                    }
                });
            }
        }

        producer.Flush(AtMost);
    }

    /// <summary>What was acknowledged and handed out of a partition. Events from before this run do not count.</summary>
    private sealed class Watched
    {
        private readonly Lock _gate = new();
        private readonly HashSet<long> _acknowledged = [];
        private readonly HashSet<long> _handedOut = [];
        private readonly HashSet<long> _twice = [];
        private long _at;
        private TimeSpan _longest;

        public int Acknowledged => Read(() => _acknowledged.Count);

        public int Missing => Read(() => _acknowledged.Count(offset => !_handedOut.Contains(offset)));

        public int Twice => Read(() => _twice.Count(_acknowledged.Contains));

        public TimeSpan StandsStill => Read(() => Stopwatch.GetElapsedTime(_at));

        /// <summary>The longest time without a hand-out since <see cref="Begin"/>.</summary>
        public TimeSpan Longest => Read(() => Max(_longest, Stopwatch.GetElapsedTime(_at)));

        public int After(long committed) => Read(() => _acknowledged.Count(offset => offset >= committed));

        public void Begin() => Read(() => (_at, _longest) = (Stopwatch.GetTimestamp(), TimeSpan.Zero));

        public void Acknowledge(long offset) => Read(() => _acknowledged.Add(offset));

        public void HandedOut(long first, long last) => Read(() =>
        {
            _longest = Max(_longest, Stopwatch.GetElapsedTime(_at));
            _at = Stopwatch.GetTimestamp();
            for (var offset = first; offset <= last; offset++)
            {
                if (!_handedOut.Add(offset))
                {
                    _twice.Add(offset);
                }
            }

            return last;
        });

        private static TimeSpan Max(TimeSpan one, TimeSpan other) => one > other ? one : other;

        private T Read<T>(Func<T> read)
        {
            lock (_gate)
            {
                return read();
            }
        }
    }
}
