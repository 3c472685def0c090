using System.Globalization;
using System.Runtime.InteropServices;
using ShoppingSystem.MockKafka;

// A Kafka for trying things out where there is no Kafka: brokers in memory, one topic, and faults on demand. Stops on Ctrl+C
// or SIGTERM.
if (args is ["--help" or "-h", ..] || args.Length > 3)
{
    Console.WriteLine("mock-kafka [TOPIC [PARTITIONS [BROKERS]]]   prints the bootstrap servers; default: purchases 12 3");
    Console.WriteLine(Commands.Help);
    return args.Length > 3 ? 1 : 0;
}

var topic = args.ElementAtOrDefault(0) ?? "purchases";
if (!TryRead(1, 12, out var partitions) || !TryRead(2, 3, out var brokers))
{
    Console.Error.WriteLine($"Not numbers of partitions and brokers: {string.Join(' ', args.Skip(1))}");
    return 1;
}

using var stopped = new ManualResetEventSlim();
using var cluster = new MockCluster(brokers);
cluster.CreateTopic(topic, partitions);
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
