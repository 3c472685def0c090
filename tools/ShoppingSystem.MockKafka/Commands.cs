using System.Globalization;

namespace ShoppingSystem.MockKafka;

/// <summary>Faults on demand, as lines of text.</summary>
internal static class Commands
{
    public const string Help = """
        Commands, one a line on standard input, each answered with "ok" or with what is wrong with it:
          stop BROKER                 closes its connections and answers nothing; brokers are numbered from 1
          start BROKER
          slow BROKER MILLISECONDS    answers every request so much later
          lead PARTITION BROKER       moves the leader of a partition of the topic
          coordinate GROUP BROKER     moves the coordinator of a consumer group
          fail REQUEST ERROR...       the next requests (Produce, Fetch, OffsetCommit ...) fail with these numbers, one each
        """;

    public const string Ok = "ok";

    public static string Run(MockCluster cluster, string topic, string line)
    {
        try
        {
            switch (line.Split(' ', StringSplitOptions.RemoveEmptyEntries))
            {
                case ["stop", var broker]:
                    cluster.Stop(Number(broker));
                    return Ok;
                case ["start", var broker]:
                    cluster.Start(Number(broker));
                    return Ok;
                case ["slow", var broker, var milliseconds]:
                    cluster.SlowDown(Number(broker), TimeSpan.FromMilliseconds(Number(milliseconds)));
                    return Ok;
                case ["lead", var partition, var broker]:
                    cluster.MoveLeader(topic, Number(partition), Number(broker));
                    return Ok;
                case ["coordinate", var group, var broker]:
                    cluster.MoveCoordinator(group, Number(broker));
                    return Ok;
                case ["fail", var request, .. var errors]:
                    cluster.Fail(Enum.Parse<MockCluster.Api>(request), [.. errors.Select(Number)]);
                    return Ok;
                default:
                    return $"not a command: {line}";
            }
        }
        catch (Exception e) when (e is FormatException or OverflowException or ArgumentException or InvalidOperationException)
        {
            return e.Message;
        }
    }

    private static int Number(string text) => int.Parse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture);
}
