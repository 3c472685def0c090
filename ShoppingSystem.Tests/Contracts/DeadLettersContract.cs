using ShoppingSystem.Purchases;
using ShoppingSystem.Tests.Support;

namespace ShoppingSystem.Tests.Contracts;

/// <summary>What every <see cref="IDeadLetters"/> promises. Each test gets an empty one.</summary>
public abstract class DeadLettersContract : IAsyncLifetime
{
    private IDeadLetters _letters = null!;

    protected abstract Task<IDeadLetters> OpenAsync();

    protected virtual ValueTask CloseAsync() => ValueTask.CompletedTask;

    public async ValueTask InitializeAsync() => _letters = await OpenAsync();

    public ValueTask DisposeAsync() => CloseAsync();

    [Theory]
    [InlineData(new byte[0])]
    [InlineData(new byte[] { 0, 255, 254, 128, 10, 0 })]
    [InlineData(new byte[] { 123, 125 })]
    public async Task A_kept_dead_letter_is_read_back_unchanged(byte[] value)
    {
        var letter = Letter(7, value);

        Assert.Equal(1, await _letters.AddAsync([letter]));

        var found = await _letters.FindAsync(letter.Id);
        Assert.NotNull(found);
        Assert.Equal(letter with { Event = default }, found with { Event = default });
        Assert.Equal(letter.Event with { Value = default }, found.Event with { Value = default });
        Assert.Equal(value, found.Event.Value.ToArray());
    }

    [Fact]
    public async Task Keeping_a_dead_letter_again_changes_nothing()
    {
        var letter = Letter(1);
        await _letters.AddAsync([letter]);

        Assert.Equal(1, await _letters.AddAsync([letter with { Reason = "another" }, Letter(2)]));

        Assert.Equal(2, await _letters.CountAsync());
        Assert.Equal(letter.Reason, (await _letters.FindAsync(letter.Id))!.Reason);
    }

    [Fact]
    public async Task The_newest_dead_letters_are_listed_first()
    {
        await _letters.AddAsync([.. Enumerable.Range(0, 10).Select(i => Letter(i))]);

        var listed = await _letters.ListAsync(3);

        Assert.Equal([9, 8, 7], listed.Letters.Select(letter => letter.Event.Offset));
        Assert.Equal([6, 5, 4], (await _letters.ListAsync(3, listed.Next)).Letters.Select(letter => letter.Event.Offset));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(7)]
    [InlineData(30)]
    [InlineData(1000)]
    public async Task Pages_hold_every_one_once_also_those_that_failed_in_the_same_microsecond(int limit)
    {
        var letters = Enumerable.Range(0, 30).Select(i => Letter(i) with { FailedAt = Some.Noon.AddMicroseconds(i / 10) }).ToList();
        await _letters.AddAsync(letters);

        var expected = letters.OrderByDescending(letter => letter.FailedAt).ThenByDescending(letter => letter.Id.ToString("N"), StringComparer.Ordinal);
        Assert.Equal(expected.Select(letter => letter.Event.Offset), (await ReadAllAsync(limit)).Select(letter => letter.Event.Offset));
    }

    [Fact]
    public async Task A_page_reads_on_where_the_last_one_ended_whatever_came_and_went_meanwhile()
    {
        var letters = Enumerable.Range(0, 20).Select(i => Letter(i)).ToList();
        await _letters.AddAsync(letters);
        var first = await _letters.ListAsync(10);
        await _letters.AddAsync([Letter(100)]);
        await _letters.RemoveAsync(first.Letters[^1].Id);

        var second = await _letters.ListAsync(10, first.Next);

        Assert.Equal(Enumerable.Range(0, 10).Reverse().Select(i => (long)i), second.Letters.Select(letter => letter.Event.Offset));
        Assert.Null(second.Next);
    }

    [Fact]
    public async Task A_removed_dead_letter_is_not_found()
    {
        var letter = Letter(1);
        await _letters.AddAsync([letter, Letter(2)]);

        Assert.True(await _letters.RemoveAsync(letter.Id));
        Assert.False(await _letters.RemoveAsync(letter.Id));

        Assert.Null(await _letters.FindAsync(letter.Id));
        Assert.Equal(1, await _letters.CountAsync());
    }

    [Fact]
    public async Task Without_dead_letters_nothing_is_found()
    {
        var page = await _letters.ListAsync(10);
        Assert.Empty(page.Letters);
        Assert.Null(page.Next);
        Assert.Null(await _letters.FindAsync(Guid.NewGuid()));
        Assert.Equal(0, await _letters.AddAsync([]));
        Assert.Equal(0, await _letters.CountAsync());
    }

    private async Task<List<DeadLetter>> ReadAllAsync(int limit)
    {
        var all = new List<DeadLetter>();
        PageCursor? before = null;
        do
        {
            var page = await _letters.ListAsync(limit, before);
            Assert.InRange(page.Letters.Count, 1, limit);
            all.AddRange(page.Letters);
            before = page.Next;
        }
        while (before is not null);
        return all;
    }

    private static DeadLetter Letter(long offset, byte[]? value = null) => DeadLetter.For(
        new FeedEvent("purchases", 3, offset, new DateTimeOffset(2024, 1, 19, 12, 0, 0, 123, TimeSpan.Zero), value ?? [1, 2, 3],
            "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"),
        "price must be greater than 0", Some.Noon.AddSeconds(offset));
}
