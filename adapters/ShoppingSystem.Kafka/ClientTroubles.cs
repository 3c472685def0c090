using System.Collections.Concurrent;
using System.Diagnostics;
using Confluent.Kafka;
using Microsoft.Extensions.Logging;

namespace ShoppingSystem.Kafka;

/// <summary>Logs what trouble a client has, each kind now and then: one that finds no broker says so many times a second.</summary>
internal sealed partial class ClientTroubles(ILogger logger)
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(10);

    private readonly ConcurrentDictionary<ErrorCode, long> _saidAt = new();

    public void Note(Error error)
    {
        if (_saidAt.TryGetValue(error.Code, out var saidAt) && Stopwatch.GetElapsedTime(saidAt) < Interval)
        {
            return;
        }

        _saidAt[error.Code] = Stopwatch.GetTimestamp();
        LogTrouble(logger, error.Code, error.Reason);
    }

    [LoggerMessage(LogLevel.Warning, "The Kafka client has trouble: {Code} {Reason}")]
    private static partial void LogTrouble(ILogger logger, ErrorCode code, string reason);
}
