using System.Globalization;
using ShoppingSystem.ScalingPlan.Playing;
using ShoppingSystem.Tests.Kubernetes;

namespace ShoppingSystem.Tests.ScalingPlan;

/// <summary>What a real autoscaler did: a file of <c>Traces</c>, whose first line says where it comes from.</summary>
internal sealed class Trace
{
    /// <summary>How far from a sample a play may be in time, seconds: one look of the autoscaler.</summary>
    public const double Seconds = 15;

    /// <summary>How far a play may be from a sample in number, replicas.</summary>
    public const int Replicas = 1;

    private readonly string[] _columns;
    private readonly string[][] _rows;

    public Trace(string name)
    {
        var lines = File.ReadAllLines(Path.Combine(Tools.Deploy, $"../ShoppingSystem.Tests/ScalingPlan/Traces/{name}.csv"));
        _columns = lines[1].Split(',');
        _rows = [.. lines.Skip(2).Select(line => line.Split(','))];
    }

    /// <summary>When a column was what; samples in which it is empty are left out.</summary>
    public List<(double At, int Count)> Of(string column) => [.. _rows
        .Select(row => (At: row[0], Count: row[Array.IndexOf(_columns, column)]))
        .Where(row => row.Count.Length > 0)
        .Select(row => (double.Parse(row.At, CultureInfo.InvariantCulture), int.Parse(row.Count, CultureInfo.InvariantCulture)))];

    /// <summary>
    /// Where a play and the trace part. They are together when for each sample there is a second of the play at most
    /// <see cref="Seconds"/> away whose count differs from the sample's by <see cref="Replicas"/> at most; and, where the count is what
    /// is wanted, for each second of the play between the first and the last sample there is such a sample, too. (Pods that
    /// get ready one after another are counted by chance while they do.)
    /// </summary>
    /// <param name="column">Which count of the trace.</param>
    /// <param name="played">The play, whose second 0 is the trace's second <paramref name="begin"/>.</param>
    /// <param name="count">The same count of the play.</param>
    /// <param name="begin">Seconds.</param>
    public List<string> Differences(string column, IReadOnlyList<Second> played, Func<Second, int> count, double begin)
    {
        var samples = Of(column);
        var wanted = column.EndsWith("_specReplicas", StringComparison.Ordinal);
        var seconds = played.Select(second => (At: second.At + begin, Count: count(second))).ToList();
        return
        [
            .. samples.Where(sample => !seconds.Exists(second => Near(second, sample)))
                .Select(sample => $"{column} at {sample.At} s: recorded {sample.Count}, played {string.Join(", ", Around(seconds, sample.At))}"),
            .. seconds.Where(second => wanted && second.At >= samples[0].At && second.At <= samples[^1].At && !samples.Exists(sample => Near(second, sample)))
                .Select(second => $"{column} at {second.At} s: played {second.Count}, recorded {string.Join(", ", Around(samples, second.At))}"),
        ];

        static bool Near((double At, int Count) a, (double At, int Count) b) => Math.Abs(a.At - b.At) <= Seconds && Math.Abs(a.Count - b.Count) <= Replicas;

        static IEnumerable<int> Around(IEnumerable<(double At, int Count)> counts, double at) =>
            counts.Where(other => Math.Abs(other.At - at) <= Seconds).Select(other => other.Count).Distinct();
    }
}
