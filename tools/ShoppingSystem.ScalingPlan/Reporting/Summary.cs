using ShoppingSystem.ScalingPlan.Playing;

namespace ShoppingSystem.ScalingPlan.Reporting;

/// <summary>The totals and extremes of a play.</summary>
internal sealed record Summary
{
    /// <summary>How long it was, seconds.</summary>
    public required int Seconds { get; init; }

    /// <summary>Purchases acknowledged.</summary>
    public required double Bought { get; init; }

    /// <summary>Events recorded.</summary>
    public required double Recorded { get; init; }

    /// <summary>The most customers that waited for their acknowledgement at a time.</summary>
    public required double MostWaitingToBuy { get; init; }

    /// <summary>Seconds in which customers waited.</summary>
    public required int SecondsWaitingToBuy { get; init; }

    /// <summary>The most purchases that were acknowledged and not yet in a history at a time, events.</summary>
    public required double MostLag { get; init; }

    /// <summary>The longest time that a purchase was not in a history, seconds.</summary>
    public required int LongestLagSeconds { get; init; }

    /// <summary>
    /// The time from which the lag stays below the arrivals of one second until the end; null when it is not below at the end.
    /// </summary>
    public required int? CaughtUpAt { get; init; }

    /// <summary>Web servers at most.</summary>
    public required int MostWebServers { get; init; }

    /// <summary>Recorders at most.</summary>
    public required int MostRecorders { get; init; }

    /// <summary>Sum of the seconds of all web servers, ready or not.</summary>
    public required long WebServerPodSeconds { get; init; }

    /// <summary>Sum of the seconds of all recorders, ready or not.</summary>
    public required long RecorderPodSeconds { get; init; }

    /// <summary>The hours of both together.</summary>
    public double PodHours => (WebServerPodSeconds + RecorderPodSeconds) / 3600.0;

    /// <summary>Sums up a play.</summary>
    public static Summary Of(IReadOnlyList<Second> seconds)
    {
        var behind = seconds.Count - 1;
        while (behind >= 0 && seconds[behind].OldestSeconds <= 1)
        {
            behind--;
        }

        return new()
        {
            Seconds = seconds.Count,
            Bought = seconds.Sum(second => second.Bought),
            Recorded = seconds.Sum(second => second.Recorded),
            MostWaitingToBuy = seconds.Max(second => second.WaitingToBuy),
            SecondsWaitingToBuy = seconds.Count(second => second.WaitingToBuy >= 1),
            MostLag = seconds.Max(second => second.Lag),
            LongestLagSeconds = seconds.Max(second => second.OldestSeconds),
            CaughtUpAt = behind < seconds.Count - 1 ? behind + 1 : null,
            MostWebServers = seconds.Max(second => second.WebWanted),
            MostRecorders = seconds.Max(second => second.RecordersWanted),
            WebServerPodSeconds = seconds.Sum(second => (long)second.WebWanted),
            RecorderPodSeconds = seconds.Sum(second => (long)second.RecordersWanted),
        };
    }
}
