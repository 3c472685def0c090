using ShoppingSystem.Purchases;
using ShoppingSystem.Tests.Support;

namespace ShoppingSystem.Tests.Purchases;

public sealed class PageCursorTests
{
    public static TheoryData<DateTimeOffset, Guid> Places => new()
    {
        { new(2024, 1, 19, 11, 20, 0, 123, 456, TimeSpan.Zero), Guid.Parse("018d21b4-7f8b-7000-8000-000000000001") },
        { DateTimeOffset.UnixEpoch, Guid.Empty },
        { DateTimeOffset.UnixEpoch.AddMicroseconds(-1), Guid.AllBitsSet },
        { DateTimeOffset.MinValue, Guid.Empty },
        { DateTimeOffset.MaxValue.ToWholeMicroseconds(), Guid.AllBitsSet },
    };

    [Theory]
    [MemberData(nameof(Places))]
    public void A_cursor_survives_as_text_that_needs_no_escaping(DateTimeOffset timestamp, Guid id)
    {
        var text = new PageCursor(timestamp, id).ToString();

        Assert.Equal(Uri.EscapeDataString(text), text);
        Assert.True(PageCursor.TryParse(text, out var cursor));
        Assert.Equal(new PageCursor(timestamp, id), cursor);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData(" ")]
    [InlineData("abc")]
    [InlineData("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")]
    [InlineData("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")]
    [InlineData("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=")]
    [InlineData("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAA==")]
    [InlineData("AAAAAAAAAAAAAAA AAAAAAAAAAAAAAAA")]
    [InlineData("AAAAAAAAAAAAAAA+AAAAAAAAAAAAAAAA")]
    [InlineData("AAAAAAAAAAAAAAA\0AAAAAAAAAAAAAAAA")]
    [InlineData("AAAAAAAAAAAAAAAéAAAAAAAAAAAAAAAA")]
    [InlineData("f_________8AAAAAAAAAAAAAAAAAAAAA")]
    [InlineData("gAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")]
    public void Text_that_is_no_cursor_is_refused(string? text) => Assert.False(PageCursor.TryParse(text, out _));

    [Fact]
    public void Random_text_is_refused_or_comes_out_as_it_went_in()
    {
        const string Alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_=+/ ";
        var seed = Seed.Next();
        var random = new Random(seed);
        var accepted = 0;
        for (var i = 0; i < 10_000; i++)
        {
            var text = $"{(random.Next(2) == 0 ? "AAX" : "")}{new string(random.GetItems<char>(Alphabet, 29 + 3 * random.Next(2)))}";
            if (PageCursor.TryParse(text, out var cursor))
            {
                accepted++;
                Assert.True(text == cursor.ToString(), $"Seed {seed}: {text}");
            }
        }

        Assert.True(accepted > 0, $"Seed {seed}: none accepted");
    }
}
