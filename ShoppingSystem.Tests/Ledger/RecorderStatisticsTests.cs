using Microsoft.Extensions.Time.Testing;
using ShoppingSystem.Ledger;
using ShoppingSystem.Purchases;
using ShoppingSystem.Tests.Support;

namespace ShoppingSystem.Tests.Ledger;

public sealed class RecorderStatisticsTests
{
    private readonly FakeTimeProvider _clock = new(Some.Moment);
    private readonly RecorderStatistics _statistics;

    public RecorderStatisticsTests() => _statistics = new RecorderStatistics(_clock, Some.Signals());

    [Fact]
    public void The_rate_is_that_of_the_last_whole_second()
    {
        Note(3, duplicates: 1);
        Note(2, duplicates: 4);
        Assert.Equal(0, _statistics.Read().RecordedLastSecond);

        _clock.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(5, _statistics.Read().RecordedLastSecond);
        Note(7);
        Assert.Equal(5, _statistics.Read().RecordedLastSecond);

        _clock.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(7, _statistics.Read().RecordedLastSecond);
        Note(1);

        _clock.Advance(TimeSpan.FromSeconds(2));
        var later = _statistics.Read();
        Assert.Equal(0, later.RecordedLastSecond);
        Assert.Equal((13, 5), (later.Recorded, later.Duplicates));
    }

    [Fact]
    public void The_latest_twenty_purchases_are_shown_newest_first()
    {
        var first = Note(15);
        Assert.Equal(first.AsEnumerable().Reverse(), _statistics.Read().Latest);

        var second = Note(15);
        Assert.Equal(first.Concat(second).TakeLast(20).Reverse(), _statistics.Read().Latest);

        var third = Note(50);
        Assert.Equal(third.TakeLast(20).Reverse(), _statistics.Read().Latest);
    }

    private List<Purchase> Note(int recorded, int duplicates = 0)
    {
        var purchases = Some.Purchases(recorded + duplicates);
        _statistics.Note(purchases, new RecordResult(recorded, duplicates, []), 0, _clock.GetUtcNow());
        return purchases;
    }
}
