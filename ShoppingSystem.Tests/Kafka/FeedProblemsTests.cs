using Confluent.Kafka;
using Microsoft.Extensions.Time.Testing;
using ShoppingSystem.Kafka;
using ShoppingSystem.Tests.Support;

namespace ShoppingSystem.Tests.Kafka;

/// <summary>When an error of the consumer is a problem, and how often it is logged.</summary>
public sealed class FeedProblemsTests : IDisposable
{
    private static readonly Error NoRight = new(ErrorCode.TopicAuthorizationFailed);
    private static readonly Error Unknown = new(ErrorCode.Unknown, "it is broken");

    private readonly FakeTimeProvider _clock = new(Some.Moment);
    private readonly Warnings _log = new();
    private readonly FeedProblems _problems;

    public FeedProblemsTests() => _problems = new FeedProblems(new KafkaOptions(), _clock, _log);

    public void Dispose() => _log.Dispose();

    [Fact]
    public void A_problem_is_logged_at_once_and_then_once_a_minute_in_however_many_partitions()
    {
        for (var second = 0; second < 150; second++)
        {
            _problems.Note(FeedProblems.Action.Fetch, new Error(NoRight.Code, $"of second {second}"), second % 12);
            _problems.Report();
            _clock.Advance(TimeSpan.FromSeconds(1));
        }

        Assert.Equal(3, _log.Count);
        Assert.All(_log, line => Assert.Contains("the right Read on the topic is missing", line, StringComparison.Ordinal));
    }

    [Fact]
    public void Another_problem_is_logged_at_once()
    {
        _problems.Note(FeedProblems.Action.Fetch, NoRight, 1);
        _problems.Report();
        _problems.Note(FeedProblems.Action.Join, new Error(ErrorCode.GroupAuthorizationFailed));
        _problems.Report();

        Assert.Equal(2, _log.Count);
    }

    [Fact]
    public void An_error_that_may_pass_is_a_problem_once_it_has_stood_for_five_seconds()
    {
        _problems.Note(FeedProblems.Action.Fetch, Unknown, 1);
        _clock.Advance(TimeSpan.FromSeconds(4.9));
        _problems.Note(FeedProblems.Action.Fetch, Unknown, 1);
        Assert.Null(_problems.Current);

        _clock.Advance(TimeSpan.FromSeconds(0.1));
        Assert.Contains("it is broken", _problems.Current, StringComparison.Ordinal);

        _problems.Clear(FeedProblems.Action.Fetch, 2);
        Assert.NotNull(_problems.Current);
        _problems.Clear(FeedProblems.Action.Fetch, 1);
        Assert.Null(_problems.Current);
    }

    [Fact]
    public void A_reader_that_shares_its_instance_id_is_a_problem_until_a_minute_after_it_was_last_thrown_out()
    {
        _problems.Note(FeedProblems.Action.Read, new Error(ErrorCode.FencedInstanceId));
        _clock.Advance(TimeSpan.FromSeconds(59));
        _problems.Clear(FeedProblems.Action.Read);
        Assert.Contains("Kafka:GroupInstanceId", _problems.Current, StringComparison.Ordinal);

        _clock.Advance(TimeSpan.FromSeconds(1));
        _problems.Clear(FeedProblems.Action.Read);
        Assert.Null(_problems.Current);
    }
}
