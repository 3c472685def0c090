namespace ShoppingSystem.ScalingPlan.Playing;

/// <summary>The partitions of the topic, what waits in them, and which recorder reads which.</summary>
/// <param name="partitions">How many.</param>
/// <param name="rebalanceSeconds">How long a partition is not read when its recorder changes, seconds.</param>
internal sealed class Topic(int partitions, int rebalanceSeconds)
{
    private const double Nothing = 1e-6;

    private readonly Partition[] _partitions = [.. Enumerable.Range(0, partitions).Select(_ => new Partition())];
    private List<Pod> _readers = [];

    /// <summary>Events not yet recorded.</summary>
    public double Lag => _partitions.Sum(partition => partition.Lag);

    /// <summary>
    /// Partitions that had a lag at some moment of the last second: a partition that receives events always contains those that are
    /// being recorded.
    /// </summary>
    public int PartitionsWithLag => _partitions.Count(partition => partition.Lag > Nothing || partition.Recorded > Nothing);

    /// <summary>How long the oldest event has been waiting, seconds.</summary>
    public int OldestSeconds(int second) =>
        _partitions.Max(partition => partition.Waiting.TryPeek(out var oldest) ? second - oldest.Second : 0);

    /// <summary>Adds events, of many customers and of a single one.</summary>
    /// <param name="second">When they were acknowledged.</param>
    /// <param name="events">How many.</param>
    /// <param name="hotShare">The share of the single customer, 0 to 1.</param>
    public void Append(int second, double events, double hotShare)
    {
        for (var i = 0; i < partitions; i++)
        {
            var added = events * (1 - hotShare) / partitions + (i == 0 ? events * hotShare : 0);
            if (added > 0)
            {
                _partitions[i].Lag += added;
                _partitions[i].Waiting.Enqueue((second, added));
            }
        }
    }

    /// <summary>
    /// Assigns the partitions to the present readers: their counts differ by one at most, and no partition moves that can stay
    /// (cooperative-sticky).
    /// </summary>
    public void Assign(int second, List<Pod> readers)
    {
        if (readers.SequenceEqual(_readers))
        {
            return;
        }

        _readers = readers;
        var held = readers.ToDictionary(reader => reader, _ => 0);
        var free = new List<Partition>();
        foreach (var partition in _partitions)
        {
            if (partition.Reader is { } reader && held.TryGetValue(reader, out var count) && Keeps(reader, count))
            {
                held[reader]++;
            }
            else
            {
                free.Add(partition);
            }
        }

        foreach (var partition in free)
        {
            // A partition without a reader has none to wait for.
            partition.StandsStillUntil = partition.Reader is null ? second : second + rebalanceSeconds;
            partition.Reader = readers.MinBy(reader => held[reader]);
            if (partition.Reader is not null)
            {
                held[partition.Reader]++;
            }
        }

        // If the partitions can't be divided evenly, the first of the former readers keep one more.
        bool Keeps(Pod reader, int count) =>
            count < partitions / readers.Count + (readers.IndexOf(reader) < partitions % readers.Count ? 1 : 0);
    }

    /// <summary>Records for a second; time that a recorder does not need for one partition it uses for its others.</summary>
    /// <param name="second">Which one.</param>
    /// <param name="perReader">Events that a recorder records in a second.</param>
    /// <param name="inAll">Events that all of them can record in a second.</param>
    /// <returns>How many were recorded.</returns>
    public double Record(int second, double perReader, double inAll)
    {
        foreach (var partition in _partitions)
        {
            partition.Recorded = 0;
        }

        var reading = _partitions
            .Where(partition => partition.Reader is not null && second >= partition.StandsStillUntil && partition.Lag > Nothing)
            .GroupBy(partition => partition.Reader)
            .ToList();
        var each = Math.Min(perReader, inAll / Math.Max(1, reading.Count));
        return reading.Sum(own =>
        {
            var (left, recorded) = (each, 0d);
            var order = own.OrderBy(partition => partition.Lag).ToList();
            for (var i = 0; i < order.Count; i++)
            {
                var taken = order[i].Take(left / (order.Count - i));
                (left, recorded) = (left - taken, recorded + taken);
            }

            return recorded;
        });
    }

    private sealed class Partition
    {
        public double Lag { get; set; }

        public double Recorded { get; set; }

        public Queue<(int Second, double Events)> Waiting { get; } = new();

        public Pod? Reader { get; set; }

        public int StandsStillUntil { get; set; }

        // The part of the oldest entry that is recorded; the rest of the entry stays in front.
        private double _takenOfOldest;

        public double Take(double most)
        {
            var taken = Math.Min(most, Lag);
            Lag -= taken;
            Recorded += taken;
            if (Lag <= Nothing)
            {
                Lag = _takenOfOldest = 0;
                Waiting.Clear();
                return taken;
            }

            _takenOfOldest += taken;
            while (Waiting.TryPeek(out var oldest) && _takenOfOldest >= oldest.Events - Nothing)
            {
                _takenOfOldest -= oldest.Events;
                Waiting.Dequeue();
            }

            return taken;
        }
    }
}
