using ShoppingSystem.Purchases;

namespace ShoppingSystem.Tests.Purchases;

public sealed class PurchaseIdTests
{
    private static readonly DateTimeOffset Time = new(2024, 1, 19, 11, 20, 0, 123, 456, TimeSpan.Zero);

    [Fact]
    public void New_ids_are_version_7_unique_and_sort_by_time()
    {
        var ids = Enumerable.Range(0, 1000).Select(i => PurchaseId.New(Time.AddMilliseconds(i))).ToList();

        Assert.All(ids, id => Assert.Equal(7, id.Version));
        Assert.Equal(ids.Count, ids.Distinct().Count());
        Assert.Equal(ids, ids.OrderBy(id => id.ToString(), StringComparer.Ordinal));
    }

    [Theory]
    [InlineData("1969-12-31T23:59:59.999Z")]
    [InlineData("0001-01-01T00:00:00Z")]
    [InlineData("9999-12-31T23:59:59.999Z")]
    public void Ids_are_unique_at_any_time_of_the_clock(string time)
    {
        var now = DateTimeOffset.Parse(time, System.Globalization.CultureInfo.InvariantCulture);
        var ids = Enumerable.Range(0, 1000).Select(_ => PurchaseId.New(now)).ToList();

        Assert.All(ids, id => Assert.Equal(7, id.Version));
        Assert.Equal(ids.Count, ids.Distinct().Count());
    }

    /// <summary>These ids are in databases: the same event must get the same id from every later version.</summary>
    [Fact]
    public void Derived_ids_never_change()
    {
        Assert.Equal(Guid.Parse("726dcada-c41a-8342-b406-f2cb30858832"), PurchaseId.FromPosition("purchases", 3, 42, Time));
        Assert.Equal(Guid.Parse("a6b74fcc-dfcb-8a75-893a-a4035bfe7733"), PurchaseId.FromIdempotencyKey("123", "order-1"));
        Assert.Equal(Guid.Parse("18059721-651b-8f29-8988-5902d16be657"), PurchaseId.FromForeignId("order-1"));
        Assert.Equal(Guid.Parse("76c95dda-65ec-8df4-a875-272435952c8f"), PurchaseId.FromProducer("shop", "order-1"));
        Assert.Equal(Guid.Parse("fbb14a49-f1d1-8c1a-b5a9-6bbdc9bee161"), PurchaseId.FromCloudEvent("shop", "order-1"));
    }

    [Fact]
    public void Different_producers_or_producer_ids_give_different_ids()
    {
        Guid[] ids =
        [
            PurchaseId.FromProducer("a", "b"),
            PurchaseId.FromProducer("b", "a"),
            PurchaseId.FromProducer("a", "B"),
            PurchaseId.FromProducer("a", " b"),
            PurchaseId.FromProducer("a\0b", "c"),
            PurchaseId.FromProducer("a", "b\0c"),
            PurchaseId.FromCloudEvent("a", "b"),
            PurchaseId.FromForeignId("b"),
            PurchaseId.FromIdempotencyKey("a", "b"),
        ];

        Assert.Equal(ids.Length, ids.Distinct().Count());
    }

    [Fact]
    public void Derived_ids_are_version_8_as_RFC_9562_lays_it_out()
    {
        for (var i = 0; i < 100; i++)
        {
            var id = PurchaseId.FromIdempotencyKey("123", $"key {i}");
            Assert.Equal(8, id.Version);
            Assert.InRange(id.Variant, 8, 11);
        }
    }

    [Fact]
    public void Different_positions_or_a_recreated_topic_give_different_ids()
    {
        Guid[] ids =
        [
            PurchaseId.FromPosition("purchases", 1, 23, Time),
            PurchaseId.FromPosition("purchases", 12, 3, Time),
            PurchaseId.FromPosition("purchases", 1, 24, Time),
            PurchaseId.FromPosition("purchases", 2, 23, Time),
            PurchaseId.FromPosition("purchases1", 1, 23, Time),
            PurchaseId.FromPosition("purchases", 1, 23, Time.AddMilliseconds(1)),
        ];

        Assert.Equal(ids.Length, ids.Distinct().Count());
    }

    /// <summary>
    /// One text cut in two at every place, around everything that might be taken for a separator: whatever the rules let
    /// through as user id and key must not meet.
    /// </summary>
    [Fact]
    public void Different_users_or_keys_give_different_ids()
    {
        var separators = Enumerable.Range(0, 0x3000).Select(code => ((char)code).ToString())
            .Concat(["\ufffd", "\ufeff", "\uffff", "🛒", "\\0", "%00", "\\u0000", "idempotency-key", "position"])
            .Where(text => PurchaseRules.CheckText(text) is null);
        var ids = new Dictionary<Guid, (string User, string Key)>();
        foreach (var separator in separators)
        {
            string[] parts = ["a", separator, "a", separator, "a"];
            for (var cut = 1; cut < parts.Length; cut++)
            {
                var (user, key) = (string.Concat(parts[..cut]), string.Concat(parts[cut..]));
                if (!ids.TryAdd(PurchaseId.FromIdempotencyKey(user, key), (user, key)))
                {
                    Assert.Equal(ids[PurchaseId.FromIdempotencyKey(user, key)], (user, key));
                }
            }
        }

        Assert.True(ids.Count > 40_000, $"only {ids.Count} pairs");
    }

    [Fact]
    public void A_key_never_makes_the_id_of_a_position()
    {
        var position = PurchaseId.FromPosition("a", 0, 0, DateTimeOffset.UnixEpoch);

        Assert.NotEqual(position, PurchaseId.FromIdempotencyKey("a", "0\00\00"));
        Assert.NotEqual(position, PurchaseId.FromIdempotencyKey("position\0a\00", "0\00"));
    }
}
