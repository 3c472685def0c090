using System.Globalization;
using System.Runtime.InteropServices;
using ShoppingSystem.MockKafka;

// A Kafka for trying things out where there is no Kafka: three brokers in memory, one topic, and faults on demand. Stops on
// Ctrl+C or SIGTERM.
if (args is ["--help" or "-h", ..] || args.Length > 2)
{
    Console.WriteLine("mock-kafka [TOPIC [PARTITIONS]]   prints the bootstrap servers; default: purchases 12");
    Console.WriteLine(Commands.Help);
    return args.Length > 2 ? 1 : 0;
}

var topic = args.ElementAtOrDefault(0) ?? "purchases";
if (!int.TryParse(args.ElementAtOrDefault(1) ?? "12", CultureInfo.InvariantCulture, out var partitions) || partitions < 1)
{
    Console.Error.WriteLine($"Not a number of partitions: {args[1]}");
    return 1;
}

using var stopped = new ManualResetEventSlim();
using var cluster = new MockCluster();
cluster.CreateTopic(topic, partitions);
using var sigterm = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop);
using var sigint = PosixSignalRegistration.Create(PosixSignal.SIGINT, Stop);
Console.WriteLine(cluster.BootstrapServers);
new Thread(Listen) { IsBackground = true }.Start();
stopped.Wait();
return 0;

// Where nobody types anything, it just goes on.
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
