using ShoppingSystem.LoadTest;

namespace ShoppingSystem.Tests.LoadTest;

public sealed class DurationTests
{
    [Theory]
    [InlineData("500ms", 500)]
    [InlineData("60s", 60_000)]
    [InlineData("1.5m", 90_000)]
    [InlineData("2H", 7_200_000)]
    [InlineData("0s", 0)]
    public void A_duration_is_read_from_a_number_with_a_unit(string text, double milliseconds)
    {
        Assert.True(Duration.TryParse(text, out var duration));
        Assert.Equal(milliseconds, duration.TotalMilliseconds);
    }

    [Theory]
    [InlineData("")]
    [InlineData("60")]
    [InlineData("s")]
    [InlineData("-1s")]
    [InlineData("1e3s")]
    [InlineData("1,5s")]
    [InlineData("5 s")]
    [InlineData("5d")]
    [InlineData("721h")]
    [InlineData("99999999999999999999h")]
    public void An_invalid_duration_is_refused(string text) => Assert.False(Duration.TryParse(text, out _));

    [Theory]
    [InlineData(0, "0 µs")]
    [InlineData(0.0123, "12.3 µs")]
    [InlineData(0.9996, "1 ms")]
    [InlineData(12.34, "12.3 ms")]
    [InlineData(123.4, "123 ms")]
    [InlineData(1_050, "1.05 s")]
    [InlineData(90_000, "90 s")]
    [InlineData(150_000, "2:30 min")]
    [InlineData(3_723_000, "1:02:03 h")]
    public void A_duration_is_written_with_three_digits_in_a_suitable_unit(double milliseconds, string text) =>
        Assert.Equal(text, Duration.Format(TimeSpan.FromMilliseconds(milliseconds)));
}
