using System.Globalization;
using System.Runtime.InteropServices;
using ShoppingSystem.MockKafka;

// A Kafka for trying things out where there is no Kafka: brokers in memory, one topic, and faults on demand. Stops on Ctrl+C
// or SIGTERM.
if (args is ["--help" or "-h", ..] || args.Length > 5)
{
    Console.WriteLine("""
        mock-kafka [TOPIC [PARTITIONS [BROKERS [HEARTBEAT SESSION]]]]   prints the bootstrap servers; default: purchases 12 3 5000 45000
          HEARTBEAT, SESSION: group.consumer.heartbeat.interval.ms and group.consumer.session.timeout.ms, for groups in the protocol of Kafka 4
        """);
    Console.WriteLine(Commands.Help);
    return args.Length > 5 ? 1 : 0;
}

var topic = args.ElementAtOrDefault(0) ?? "purchases";
if (!TryRead(1, 12, out var partitions) || !TryRead(2, 3, out var brokers) || !TryRead(3, 5000, out var heartbeat) || !TryRead(4, 45_000, out var session))
{
    Console.Error.WriteLine($"Not numbers of partitions, brokers and milliseconds: {string.Join(' ', args.Skip(1))}");
    return 1;
}

using var stopped = new ManualResetEventSlim();
using var cluster = new MockCluster(brokers);
cluster.CreateTopic(topic, partitions);
cluster.SetConsumerGroups(TimeSpan.FromMilliseconds(heartbeat), TimeSpan.FromMilliseconds(session));
using var sigterm = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop);
using var sigint = PosixSignalRegistration.Create(PosixSignal.SIGINT, Stop);
Console.WriteLine(cluster.BootstrapServers);
new Thread(Listen) { IsBackground = true }.Start();
stopped.Wait();
return 0;

bool TryRead(int position, int byDefault, out int number)
{
    number = byDefault;
    return position >= args.Length || (int.TryParse(args[position], CultureInfo.InvariantCulture, out number) && number >= 1);
}

// Without input, the cluster keeps running.
void Listen()
{
    while (Console.ReadLine() is { } line)
    {
        Console.WriteLine(Commands.Run(cluster, topic, line));
    }
}

void Stop(PosixSignalContext signal)
{
    signal.Cancel = true;
    stopped.Set();
}
