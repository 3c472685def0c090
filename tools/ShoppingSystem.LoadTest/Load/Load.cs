namespace ShoppingSystem.LoadTest;

/// <summary>When purchases are to start.</summary>
public abstract record Load
{
    private protected Load()
    {
    }

    /// <summary>For how long purchases are started.</summary>
    public abstract TimeSpan Duration { get; }

    /// <summary>
    /// When purchase <paramref name="number"/>, counted from 0, is to start, measured from the beginning of the load; null
    /// when the load ends before it.
    /// </summary>
    /// <param name="number">Which purchase.</param>
    /// <param name="now">The time since the beginning.</param>
    internal abstract TimeSpan? StartOf(long number, TimeSpan now);
}

/// <summary>
/// Closed model: a fixed number of buyers, each of whom buys again as soon as the last purchase was answered. A slow server gets
/// fewer requests, so latency says little; the model serves to compare throughput.
/// </summary>
/// <param name="Connections">How many buyers, each with one connection.</param>
/// <param name="Length">How long they buy.</param>
public sealed record ClosedLoad(int Connections, TimeSpan Length) : Load
{
    /// <inheritdoc/>
    public override TimeSpan Duration => Length;

    internal override TimeSpan? StartOf(long number, TimeSpan now) => now < Length ? now : null;
}

/// <summary>
/// Open model: purchases start on schedule, whatever happened to earlier ones. The rate consists of phases; in each phase it
/// changes linearly from one value to another.
/// </summary>
public sealed record OpenLoad : Load
{
    // The phases can give a whole number with a rounding error, which is far below this.
    private const double CountTolerance = 1e-6;

    private readonly Phase[] _phases;

    private OpenLoad(IEnumerable<(TimeSpan Length, double From, double To)> phases)
    {
        var placed = new List<Phase>();
        var (start, count) = (TimeSpan.Zero, 0d);
        foreach (var (length, from, to) in phases.Where(phase => phase.Length > TimeSpan.Zero))
        {
            var phase = new Phase(start, count, length, from, to);
            placed.Add(phase);
            (start, count) = (start + length, count + phase.Count);
        }

        _phases = [.. placed];
        Duration = start;
        Count = (long)Math.Ceiling(count - CountTolerance);
    }

    /// <inheritdoc/>
    public override TimeSpan Duration { get; }

    /// <summary>How many purchases are to start altogether.</summary>
    public long Count { get; }

    /// <summary>The same rate all the time.</summary>
    /// <param name="rate">Purchases per second.</param>
    /// <param name="duration">How long.</param>
    public static OpenLoad Steady(double rate, TimeSpan duration) => new([(duration, rate, rate)]);

    /// <summary>Changes linearly from one rate to another, and then stays there.</summary>
    /// <param name="from">The first rate, purchases per second.</param>
    /// <param name="to">The last rate, purchases per second.</param>
    /// <param name="ramp">How long the change takes, at most <paramref name="duration"/>.</param>
    /// <param name="duration">How long altogether.</param>
    public static OpenLoad Ramp(double from, double to, TimeSpan ramp, TimeSpan duration) =>
        new([(ramp, from, to), (duration - ramp, to, to)]);

    /// <summary>A rate that jumps up at regular intervals: every period ends with a burst.</summary>
    /// <param name="rate">Purchases per second between bursts.</param>
    /// <param name="burstRate">Purchases per second in a burst.</param>
    /// <param name="every">From the start of a burst to the start of the next.</param>
    /// <param name="length">How long a burst lasts, at most <paramref name="every"/>.</param>
    /// <param name="duration">How long altogether.</param>
    public static OpenLoad Burst(double rate, double burstRate, TimeSpan every, TimeSpan length, TimeSpan duration)
    {
        return new(Phases());

        IEnumerable<(TimeSpan, double, double)> Phases()
        {
            for (var start = TimeSpan.Zero; start < duration; start += every)
            {
                var calm = Shorter(every - length, duration - start);
                yield return (calm, rate, rate);
                yield return (Shorter(length, duration - start - calm), burstRate, burstRate);
            }
        }

        static TimeSpan Shorter(TimeSpan a, TimeSpan b) => a < b ? a : b;
    }

    /// <summary>This load, preceded by <paramref name="length"/> at its first rate.</summary>
    internal OpenLoad After(TimeSpan length) =>
        new(_phases.Select(phase => (phase.Length, phase.From, phase.To)).Prepend((length, _phases[0].From, _phases[0].From)));

    /// <summary>How many purchases are due within <paramref name="time"/> after the beginning.</summary>
    internal double DueWithin(TimeSpan time) => _phases.Sum(phase => phase.DueWithin(time - phase.Start));

    internal override TimeSpan? StartOf(long number, TimeSpan now) => number < Count ? StartOf(number) : null;

    private TimeSpan StartOf(long number)
    {
        var (low, high) = (0, _phases.Length - 1);
        while (low < high)
        {
            var middle = (low + high + 1) / 2;
            (low, high) = _phases[middle].CountBefore <= number + CountTolerance ? (middle, high) : (low, middle - 1);
        }

        return _phases[low].StartOf(number);
    }

    private sealed record Phase(TimeSpan Start, double CountBefore, TimeSpan Length, double From, double To)
    {
        public double Count => (From + To) / 2 * Length.TotalSeconds;

        public double DueWithin(TimeSpan time)
        {
            var share = Math.Clamp(time / Length, 0, 1);
            return (From + (To - From) * share / 2) * share * Length.TotalSeconds;
        }

        // In a phase, From·t + (To − From) / 2·Length · t² purchases start within t seconds. This solves it for t, in
        // the form that neither divides by zero nor loses precision when the rate hardly changes.
        public TimeSpan StartOf(long number)
        {
            var within = number - CountBefore;
            if (within <= 0)
            {
                return Start;
            }

            var growth = (To - From) / (2 * Length.TotalSeconds);
            var root = Math.Sqrt(Math.Max(0, From * From + 4 * growth * within));
            return Start + TimeSpan.FromSeconds(Math.Min(2 * within / (From + root), Length.TotalSeconds));
        }
    }
}
