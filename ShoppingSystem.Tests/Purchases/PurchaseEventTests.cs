using System.Text;
using ShoppingSystem.Purchases;
using ShoppingSystem.Tests.Support;

namespace ShoppingSystem.Tests.Purchases;

public sealed class PurchaseEventTests
{
    private static readonly DateTimeOffset AppendedAt = new(2024, 1, 19, 11, 20, 1, TimeSpan.Zero);

    [Theory]
    [InlineData("50.0", "50.0")]
    [InlineData("12.00", "12.00")]
    [InlineData("12", "12")]
    [InlineData("0.0001", "0.0001")]
    [InlineData("1000000000.0000", "1000000000.0000")]
    [InlineData("999999999.9999", "999999999.9999")]
    public void What_is_written_is_the_v1_dialect_and_is_read_back_the_same(string price, string written)
    {
        var purchase = new Purchase(
            Guid.Parse("018d21b4-7f8b-7000-8000-000000000001"), "123", "user1", decimal.Parse(price), null,
            DateTimeOffset.UnixEpoch.AddTicks(1705663200_123456 * TimeSpan.TicksPerMicrosecond));

        var value = Some.Event(purchase);

        Assert.Equal(
            $$"""{"id":"018d21b4-7f8b-7000-8000-000000000001","username":"user1","userid":"123","price":{{written}},"timestamp":1705663200.123456}""",
            Encoding.UTF8.GetString(value));
        var read = Read(value);
        Assert.Equal(purchase, read);
        Assert.Equal(purchase.Price.Scale, read.Price.Scale);
    }

    [Fact]
    public void Text_stays_readable_and_survives()
    {
        var purchase = new Purchase(
            Guid.NewGuid(), "a/b%2F\"\\<&>", "Zoë 買う 🛒", 1m, "tea & \u2028 cake", new DateTimeOffset(2024, 1, 19, 11, 20, 0, TimeSpan.Zero));

        var value = Some.Event(purchase);

        Assert.Contains("Zoë 買う", Encoding.UTF8.GetString(value), StringComparison.Ordinal);
        Assert.DoesNotContain((byte)'\n', value);
        Assert.Equal(purchase, Read(value));
    }

    [Fact]
    public void An_event_of_the_Express_system_is_understood()
    {
        var purchase = Read("""{"username":"elad","userId":"555","price":12,"timestamp":"2024-01-19T11:20:00.123Z"}""");

        Assert.Equal(
            new Purchase(IdByPosition(), "555", "elad", 12m, null, new DateTimeOffset(2024, 1, 19, 11, 20, 0, 123, TimeSpan.Zero)), purchase);
    }

    [Fact]
    public void An_event_of_the_Python_system_is_understood()
    {
        var purchase = Read("""{"userid": "123", "username": "user1", "price": 50.0, "timestamp": 1705663200.123456}""");

        Assert.Equal(
            new Purchase(IdByPosition(), "123", "user1", 50.0m, null, new DateTimeOffset(2024, 1, 19, 11, 20, 0, 123, 456, TimeSpan.Zero)), purchase);
        Assert.Equal(1, purchase.Price.Scale);
    }

    [Fact]
    public void An_event_typed_by_hand_takes_its_time_from_the_log()
    {
        var purchase = Read("""{"userid":"123","username":"user1","price":50}""");

        Assert.Equal(AppendedAt, purchase.Timestamp);
        Assert.Equal(IdByPosition(), purchase.Id);
    }

    [Theory]
    [InlineData("1705663200")]
    [InlineData("1705663200.0")]
    [InlineData("1705663200000")]
    [InlineData("\"1705663200\"")]
    [InlineData("\"2024-01-19T11:20:00Z\"")]
    [InlineData("\"2024-01-19T13:20:00+02:00\"")]
    [InlineData("\"2024-01-19T11:20:00\"")]
    [InlineData("\"2024-01-19T11:20:00.0000000\"")]
    public void Timestamps_come_in_many_shapes(string timestamp) =>
        Assert.Equal(new DateTimeOffset(2024, 1, 19, 11, 20, 0, TimeSpan.Zero), Read($$"""{"userid":"1","username":"u","price":1,"timestamp":{{timestamp}}}""").Timestamp);

    [Theory]
    [InlineData("-1.5", -15_000_000)]
    [InlineData("0", 0)]
    [InlineData("1705663200123", 1705663200_1230000)]
    [InlineData("1705663200.1234567", 1705663200_1234570)]
    [InlineData("99999999999", 99999999999_0000000)]
    [InlineData("100000000000", 100000000_0000000)]
    public void Timestamps_are_kept_in_whole_microseconds(string timestamp, long ticksSince1970) =>
        Assert.Equal(DateTimeOffset.UnixEpoch.AddTicks(ticksSince1970), Read($$"""{"userid":"1","username":"u","price":1,"timestamp":{{timestamp}}}""").Timestamp);

    [Theory]
    [InlineData("""{"USERID":"1","UserName":"u","Price":"12.50","ITEM":"tea"}""")]
    [InlineData("""{"userId":1,"username":"u","price":" 12.50 ","item":"tea","timestamp":null,"id":null}""")]
    [InlineData("""{"v":{"a":[1,{"b":[]}]},"userid":"1","x":[[[]]],"username":"u","price":12.50,"item":"tea","more":"\ud83d\ude00"}""")]
    [InlineData("""{"x":{"userid":"2","price":9},"userid":"1","username":"u","price":12.50,"item":"tea","y":[{"id":7,"item":"coffee"}]}""")]
    [InlineData("\t{\"userid\" :\r\n\"1\", \"username\":\"u\",\"price\":12.50,\"it\\u0065m\":\"tea\"}\n ")]
    public void Other_producers_are_understood(string value) =>
        Assert.Equal(new Purchase(IdByPosition(), "1", "u", 12.50m, "tea", AppendedAt), Read(value));

    [Theory]
    [InlineData("null")]
    [InlineData("\"00000000-0000-0000-0000-000000000000\"")]
    [InlineData("\"00000000000000000000000000000000\"")]
    [InlineData("\"ffffffff-ffff-ffff-ffff-ffffffffffff\"")]
    [InlineData("\"{FFFFFFFF-FFFF-FFFF-FFFF-FFFFFFFFFFFF}\"")]
    public void What_stands_for_no_id_is_none(string id) =>
        Assert.Equal(IdByPosition(), Read($$"""{"id":{{id}},"userid":"1","username":"u","price":1}""").Id);

    [Theory]
    [InlineData("", "not valid JSON: the event is empty")]
    [InlineData("   ", "not valid JSON")]
    [InlineData("\0", "not valid JSON")]
    [InlineData("{\"userid\":\"1\"\0}", "not valid JSON")]
    [InlineData("hello", "not valid JSON")]
    [InlineData("{", "not valid JSON")]
    [InlineData("""{"userid":"1","username":"u","price":1""", "not valid JSON")]
    [InlineData("""{"userid":"1","username":"u","price":""", "not valid JSON")]
    [InlineData("""{"userid":"1","username":"u","price":1}}""", "not valid JSON")]
    [InlineData("""{"userid":"1","username":"u","price":1} and more""", "not valid JSON")]
    [InlineData("""{"userid":"1","username":"u","price":1}{"userid":"1","username":"u","price":1}""", "not valid JSON")]
    [InlineData("""{"userid":"1","username":"u","price":01}""", "not valid JSON")]
    [InlineData("""{"userid":"1","username":"u","price":NaN}""", "not valid JSON")]
    [InlineData("""{'userid':'1'}""", "not valid JSON")]
    [InlineData("""{"userid":"1",}""", "not valid JSON")]
    [InlineData("""{"userid":"\ud800","username":"u","price":1}""", "not valid JSON")]
    [InlineData("""{"userid":"1","username":"u","price":1,"item":"\udc00\ud800"}""", "not valid JSON")]
    [InlineData("null", "not a JSON object")]
    [InlineData("12", "not a JSON object")]
    [InlineData("\"text\"", "not a JSON object")]
    [InlineData("""[{"userid":"1","username":"u","price":1}]""", "not a JSON object")]
    [InlineData("{}", "userid is required")]
    [InlineData("""{"username":"u","price":1}""", "userid is required")]
    [InlineData("""{"userid":"1","price":1}""", "username is required")]
    [InlineData("""{"userid":"1","username":"u"}""", "price is required")]
    [InlineData("""{"userid":"1","username":null,"price":1}""", "username is required")]
    [InlineData("""{"userid":"","username":"u","price":1}""", "userid must not be empty")]
    [InlineData("""{"userid":"a\u0000b","username":"u","price":1}""", "userid must not contain control characters")]
    [InlineData("""{"userid":{},"username":"u","price":1}""", "userid is not text")]
    [InlineData("""{"userid":"1","username":[],"price":1}""", "username is not text")]
    [InlineData("""{"userid":"1","username":"u","price":1,"item":false}""", "item is not text")]
    [InlineData("""{"userid":"1","username":"u","price":1,"item":""}""", "item must not be empty")]
    [InlineData("""{"userid":"1","username":"u","price":"much"}""", "price is not a number")]
    [InlineData("""{"userid":"1","username":"u","price":true}""", "price is not a number")]
    [InlineData("""{"userid":"1","username":"u","price":{"amount":1}}""", "price is not a number")]
    [InlineData("""{"userid":"1","username":"u","price":1e400}""", "price is not a number")]
    [InlineData("""{"userid":"1","username":"u","price":-1}""", "price must be greater than 0")]
    [InlineData("""{"userid":"1","username":"u","price":0}""", "price must be greater than 0")]
    [InlineData("""{"userid":"1","username":"u","price":1000000000.0001}""", "price must be at most 1000000000")]
    [InlineData("""{"userid":"1","username":"u","price":0.00001}""", "price must have at most 4 decimals")]
    [InlineData("""{"userid":"1","username":"u","price":0.30000000000000004}""", "price must have at most 4 decimals")]
    [InlineData("""{"userid":"1","username":"u","price":1,"id":"7"}""", "id is not a UUID")]
    [InlineData("""{"userid":"1","username":"u","price":1,"id":[]}""", "id is not a UUID")]
    [InlineData("""{"userid":"1","username":"u","price":1,"timestamp":"yesterday"}""", "timestamp is neither epoch seconds nor ISO 8601")]
    [InlineData("""{"userid":"1","username":"u","price":1,"timestamp":true}""", "timestamp is neither epoch seconds nor ISO 8601")]
    [InlineData("""{"userid":"1","username":"u","price":1,"timestamp":{"$date":1}}""", "timestamp is neither epoch seconds nor ISO 8601")]
    [InlineData("""{"userid":"1","username":"u","price":1,"timestamp":-62135596801}""", "timestamp is neither epoch seconds nor ISO 8601")]
    [InlineData("""{"userid":"1","username":"u","price":1,"timestamp":-99999999999}""", "timestamp is neither epoch seconds nor ISO 8601")]
    [InlineData("""{"userid":"1","username":"u","price":1,"timestamp":100000000000000}""", "timestamp is neither epoch seconds nor ISO 8601")]
    [InlineData("""{"userid":"1","username":"u","price":1,"timestamp":99999999999999999999999999}""", "timestamp is neither epoch seconds nor ISO 8601")]
    [InlineData("""{"userid":"1","username":"u","price":1,"timestamp":"9999-12-31T23:59:59-14:00"}""", "timestamp is neither epoch seconds nor ISO 8601")]
    [InlineData("""{"userid":"1","username":"u","price":1,"timestamp":"0001-01-01T00:00:00+14:00"}""", "timestamp is neither epoch seconds nor ISO 8601")]
    public void What_cannot_be_understood_gives_its_reason(string value, string reason) =>
        Assert.StartsWith(reason, Refuse(Encoding.UTF8.GetBytes(value)), StringComparison.Ordinal);

    [Fact]
    public void Bytes_that_are_no_UTF8_give_their_reason()
    {
        byte[] invalid = [.. "{\"userid\":\""u8, 0xFF, 0xFE, .. "\",\"username\":\"u\",\"price\":1}"u8];
        byte[] overlong = [.. "{\"userid\":\"1\",\"username\":\""u8, 0xC0, 0xAF, .. "\",\"price\":1}"u8];
        byte[] name = [.. "{\"useri"u8, 0xE2, 0x82, .. "\":\"1\"}"u8];

        Assert.StartsWith("not valid JSON", Refuse(invalid), StringComparison.Ordinal);
        Assert.StartsWith("not valid JSON", Refuse(overlong), StringComparison.Ordinal);
        Assert.NotEmpty(Refuse(name));
    }

    [Fact]
    public void Deep_nesting_gives_its_reason()
    {
        var deep = new string('[', 100_000);

        Assert.StartsWith("not valid JSON", Refuse(Encoding.UTF8.GetBytes(deep)), StringComparison.Ordinal);
        Assert.StartsWith("not valid JSON", Refuse(Encoding.UTF8.GetBytes($$"""{"userid":{{deep}}""")), StringComparison.Ordinal);
        Assert.StartsWith("not valid JSON", Refuse(Encoding.UTF8.GetBytes($$"""{"extra":{{deep}}""")), StringComparison.Ordinal);
    }

    [Fact]
    public void Ten_thousand_random_and_mutated_events_are_either_understood_or_refused()
    {
        var seed = ShoppingSystem.Tests.Support.Seed.Next();
        var random = new Random(seed);
        for (var i = 0; i < 10_000; i++)
        {
            var value = RandomEvent(random);
            try
            {
                if (PurchaseEvent.TryRead(At(value), out var purchase, out var reason))
                {
                    Assert.Null(PurchaseRules.CheckText(purchase.UserId));
                    Assert.Null(PurchaseRules.CheckText(purchase.Username));
                    Assert.Null(PurchaseRules.CheckOptionalText(purchase.Item));
                    Assert.Null(PurchaseRules.CheckPrice(purchase.Price));
                    Assert.Equal(purchase with { Timestamp = ShownTime(purchase) }, Read(Some.Event(purchase with { Timestamp = ShownTime(purchase) })));
                }
                else
                {
                    Assert.NotEmpty(reason);
                }
            }
            catch (Exception e)
            {
                Assert.Fail($"Seed {seed}, event {i}, {Convert.ToBase64String(value)}: {e}");
            }
        }
    }

    private static byte[] RandomEvent(Random random)
    {
        string[] names = ["id", "userid", "userId", "username", "price", "item", "timestamp", "extra", "", "\\ud800"];
        string[] values =
        [
            "null", "true", "1", "-1", "0", "12.00", "1e9", "1e-9", "-99999999999", "99999999999", "100000000000", "-62135596800",
            "79228162514264337593543950335", "79228162514264337593543950336", "1e999", "\"\"", "\"1\"", "\"u\"", "\"\\u0000\"",
            "\"\\ud83d\"", "\"🛒\"", "\"2024-01-19T11:20:00Z\"", "\"0001-01-01T00:00:00+01:00\"", "\"0001-01-01T00:00:00\"",
            "\"9999-12-31T23:59:59.9999999Z\"", "\"018d21b4-7f8b-7000-8000-000000000001\"", "\"-99999999999\"", "\"1e300\"",
            "[]", "{}", "[[1]]", "{\"price\":1}",
        ];
        if (random.Next(10) == 0)
        {
            var noise = new byte[random.Next(200)];
            random.NextBytes(noise);
            return noise;
        }

        var text = random.Next(2) == 0
            ? """{"id":"018d21b4-7f8b-7000-8000-000000000001","username":"user1","userid":"123","price":50.0,"item":"tea","timestamp":1705663200.123456}"""
            : $"{{{string.Join(',', Enumerable.Range(0, random.Next(8)).Select(_ => $"\"{names[random.Next(names.Length)]}\":{values[random.Next(values.Length)]}").Concat(["\"userid\":\"1\",\"username\":\"u\",\"price\":1"]))}}}";
        var value = Encoding.UTF8.GetBytes(text).ToList();
        for (var mutations = random.Next(4); mutations > 0 && value.Count > 0; mutations--)
        {
            var at = random.Next(value.Count);
            switch (random.Next(4))
            {
                case 0:
                    value[at] = (byte)random.Next(256);
                    break;
                case 1:
                    value.RemoveAt(at);
                    break;
                case 2:
                    value.Insert(at, value[random.Next(value.Count)]);
                    break;
                default:
                    value.RemoveRange(at, value.Count - at);
                    break;
            }
        }

        return [.. value];
    }

    // Epoch seconds beyond the year 5138 are read as milliseconds; the system itself writes none.
    private static DateTimeOffset ShownTime(Purchase purchase) => purchase.Timestamp.Year < 5138 ? purchase.Timestamp : AppendedAt;

    private static Guid IdByPosition() => PurchaseId.FromPosition("purchases", 3, 42, AppendedAt);

    private static Purchase Read(string value) => Read(Encoding.UTF8.GetBytes(value));

    private static Purchase Read(byte[] value)
    {
        Assert.True(PurchaseEvent.TryRead(At(value), out var purchase, out var reason), reason);
        return purchase;
    }

    private static string Refuse(byte[] value)
    {
        Assert.False(PurchaseEvent.TryRead(At(value), out var purchase, out var reason), $"understood as {purchase}");
        Assert.Null(purchase);
        return reason;
    }

    private static FeedEvent At(byte[] value) => new("purchases", 3, 42, AppendedAt, value);
}
