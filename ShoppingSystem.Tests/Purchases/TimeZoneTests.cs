using System.Text;
using ShoppingSystem.Purchases;

namespace ShoppingSystem.Tests.Purchases;

/// <summary>Alone, because the time zone is the process's.</summary>
[CollectionDefinition(nameof(TimeZoneTests), DisableParallelization = true)]
[Collection(nameof(TimeZoneTests))]
public sealed class TimeZoneTests : IDisposable
{
    private readonly string? _zone = Environment.GetEnvironmentVariable("TZ");

    public TimeZoneTests()
    {
        Environment.SetEnvironmentVariable("TZ", "Asia/Kolkata");
        TimeZoneInfo.ClearCachedData();
    }

    [Theory]
    [InlineData("2024-01-19T11:20:00.123456")]
    [InlineData("2024-01-19T11:20:00.123456Z")]
    [InlineData("2024-01-19T13:20:00.123456+02:00")]
    public void A_timestamp_means_the_same_wherever_the_reader_runs_and_without_an_offset_UTC(string timestamp)
    {
        var value = Encoding.UTF8.GetBytes($$"""{"userid":"1","username":"u","price":1,"timestamp":"{{timestamp}}"}""");

        Assert.True(PurchaseEvent.TryRead(new FeedEvent("purchases", 0, 0, DateTimeOffset.UnixEpoch, value), out var purchase, out _));

        Assert.Equal(new DateTimeOffset(2024, 1, 19, 11, 20, 0, 123, 456, TimeSpan.Zero), purchase.Timestamp);
        Assert.Equal(TimeSpan.Zero, purchase.Timestamp.Offset);
    }

    public void Dispose()
    {
        Environment.SetEnvironmentVariable("TZ", _zone);
        TimeZoneInfo.ClearCachedData();
    }
}
