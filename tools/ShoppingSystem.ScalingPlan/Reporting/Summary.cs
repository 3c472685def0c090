using ShoppingSystem.ScalingPlan.Playing;

namespace ShoppingSystem.ScalingPlan.Reporting;

/// <summary>What a play comes to.</summary>
internal sealed record Summary
{
    /// <summary>How long it was, seconds.</summary>
    public required int Seconds { get; init; }

    /// <summary>Purchases acknowledged.</summary>
    public required double Bought { get; init; }

    /// <summary>Events recorded.</summary>
    public required double Recorded { get; init; }

    /// <summary>Customers that waited for their acknowledgement at a time, at most.</summary>
    public required double MostWaitingToBuy { get; init; }

    /// <summary>Seconds in which some did.</summary>
    public required int SecondsWaitingToBuy { get; init; }

    /// <summary>Purchases acknowledged and not yet in a history at a time, at most, events.</summary>
    public required double MostLag { get; init; }

    /// <summary>For how long a purchase was not in a history, at most, seconds.</summary>
    public required int LongestLagSeconds { get; init; }

    /// <summary>Since when the lag is under a second's worth of what comes in, until the end; null when it isn't at the end.</summary>
    public required int? CaughtUpAt { get; init; }

    /// <summary>Web servers at most.</summary>
    public required int MostWebServers { get; init; }

    /// <summary>Recorders at most.</summary>
    public required int MostRecorders { get; init; }

    /// <summary>Seconds of web servers, ready or not.</summary>
    public required long WebServerPodSeconds { get; init; }

    /// <summary>Seconds of recorders, ready or not.</summary>
    public required long RecorderPodSeconds { get; init; }

    /// <summary>Hours of both.</summary>
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
