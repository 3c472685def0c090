using System.Buffers;
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

    [Theory]
    [InlineData("Zoë 買う 🛒", "tea & \u2028 cake")]
    [InlineData("a/b%2F\"\\<&>'+", null)]
    [InlineData("\u0001\t\u007F", "")]
    public void An_event_is_the_same_in_an_array_and_in_a_buffer(string username, string? item)
    {
        var purchase = new Purchase(Guid.NewGuid(), "123", username, 12.00m, item, AppendedAt);
        var buffer = new ArrayBufferWriter<byte>();

        PurchaseEvent.Write(buffer, purchase);

        Assert.Equal(buffer.WrittenSpan.ToArray(), PurchaseEvent.ToBytes(purchase));
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
    [InlineData("1705663200.1234567", 1705663200_1234560)]
    [InlineData("99999999999", 99999999999_0000000)]
    [InlineData("100000000000", 100000000_0000000)]
    [InlineData("99999999999999", 99999999999_9990000)]
    [InlineData("100000000000000", 100000000_0000000)]
    [InlineData("99999999999999999", 99999999999_9999990)]
    [InlineData("100000000000000000", 100000000_0000000)]
    [InlineData("-100000000000", -100000000_0000000)]
    [InlineData("-0.0000001", -10)]
    [InlineData("1705663200123456999", 1705663200_1234560)]
    [InlineData("\"1705663200.1234569\"", 1705663200_1234560)]
    [InlineData("\"2024-01-19T11:20:00.1234569Z\"", 1705663200_1234560)]
    [InlineData("\"2024-01-19T11:20:00.12345699999999999999999999999999999999999999Z\"", 1705663200_1234560)]
    [InlineData("\"1969-12-31T23:59:59.9999999Z\"", -10)]
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

    /// <summary>What looks like a CloudEvent, or a wrapper of something, is read as what it is.</summary>
    [Theory]
    [InlineData("""{"source":"web","time":"never","data":{"userid":"2","price":[]},"data_base64":"?","userid":"1","username":"u","price":12.50,"item":"tea"}""")]
    [InlineData("""{"specversion":null,"data":7,"userid":"1","username":"u","price":12.50,"item":"tea"}""")]
    [InlineData("""{"data":{"userid":"1","username":"u","price":12.50,"item":"tea","data":{"userid":"2"},"specversion":"2.0"},"specversion":"1.0","time":null}""")]
    [InlineData("""{"specversion":"1.0","data":{"userid":"1","username":"u","price":12.50,"item":"tea"},"price":9,"userid":"2","item":"coffee"}""")]
    [InlineData("""{"userid":"1","userId":1,"user_id":null,"username":"u","price":12.50,"price":"12.5","item":"tea"}""")]
    public void An_envelope_counts_only_where_there_is_one(string value) =>
        Assert.Equal(new Purchase(IdByPosition(), "1", "u", 12.50m, "tea", AppendedAt), Read(value));

    [Fact]
    public void A_time_of_the_envelope_that_is_none_does_no_harm_where_the_data_has_one() =>
        Assert.Equal(
            DateTimeOffset.UnixEpoch,
            Read("""{"specversion":"1.0","time":"yesterday","data":{"userid":"1","username":"u","price":1,"timestamp":0}}""").Timestamp);

    [Theory]
    [InlineData("null")]
    [InlineData("\"00000000-0000-0000-0000-000000000000\"")]
    [InlineData("\"00000000000000000000000000000000\"")]
    [InlineData("\"ffffffff-ffff-ffff-ffff-ffffffffffff\"")]
    [InlineData("\"{FFFFFFFF-FFFF-FFFF-FFFF-FFFFFFFFFFFF}\"")]
    public void A_placeholder_for_an_id_is_ignored(string id) =>
        Assert.Equal(IdByPosition(), Read($$"""{"id":{{id}},"userid":"1","username":"u","price":1}""").Id);

    [Fact]
    public void An_id_beside_a_placeholder_is_used()
    {
        const string None = "00000000-0000-0000-0000-000000000000";
        var id = PurchaseId.FromProducer("purchases", "7");

        Assert.Equal(id, Read($$"""{"id":7,"id":"{{None}}","userid":"1","username":"u","price":1}""").Id);
        Assert.Equal(id, Read($$"""{"id":"{{None}}","_id":7,"userid":"1","username":"u","price":1}""").Id);
        Assert.Equal(id, Read("""{"specversion":"1.0","source":"purchases","id":"1","data":{"id":7,"userid":"1","username":"u","price":1}}""").Id);
        Assert.Equal(
            PurchaseId.FromCloudEvent("purchases", "1"),
            Read($$$"""{"specversion":"1.0","source":"purchases","id":"1","data":{"id":"{{{None}}}","userid":"1","username":"u","price":1}}""").Id);
    }

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
    [InlineData("""{"userid":"1","username":"u","price":0.30000000001}""", "price must have at most 4 decimals")]
    [InlineData("""{"userid":"1","username":"u","price":12.34567}""", "price must have at most 4 decimals")]
    [InlineData("""{"userid":"1","username":"u","price":{"$numberDecimal":"NaN"}}""", "price is not a number")]
    [InlineData("""{"userid":"1","username":"u","price":{"$numberDecimal":"1","more":2}}""", "price is not a number")]
    [InlineData("""{"userid":"1","username":"u","price":{"$date":1}}""", "price is not a number")]
    [InlineData("""{"userid":"1","username":"u","price":1,"price":2}""", "price is given twice, with different values")]
    [InlineData("""{"userid":"1","username":"u","price":1,"id":""}""", "id must not be empty")]
    [InlineData("""{"userid":"1","username":"u","price":1,"id":[]}""", "id is neither text nor a number")]
    [InlineData("""{"userid":"1","username":"u","price":1,"id":true}""", "id is neither text nor a number")]
    [InlineData("""{"userid":"1","username":"u","price":1,"id":{"$oid":["65aa5b60f2a1b3c4d5e6f708"]}}""", "id is neither text nor a number")]
    [InlineData("""{"userid":"1","username":"u","price":1,"id":{"$binary":{"base64":"AAAA","subType":"04"}}}""", "id is neither text nor a number")]
    [InlineData("""{"userid":"1","username":"u","price":1,"id":{"$binary":{"base64":"AY0htH+LcACAAAAAAAAAAQ==","subType":"00"}}}""", "id is neither text nor a number")]
    [InlineData("""{"userid":"1","username":"u","price":1,"_id":{}}""", "_id is neither text nor a number")]
    [InlineData("""{"userid":"1","username":"u","price":1,"id":1,"id":2}""", "id is given twice, with different values")]
    [InlineData("""{"userid":"1","username":"u","price":1,"userId":"2"}""", "userid is given twice, with different values")]
    [InlineData("""{"userid":"1","username":"u","price":1,"user_name":"v"}""", "username is given twice, with different values")]
    [InlineData("""{"userid":"1","username":"u","price":1,"item":"a","ITEM":"b"}""", "item is given twice, with different values")]
    [InlineData("""{"userid":"1","username":"u","price":1,"timestamp":1,"timestamp":2}""", "timestamp is given twice, with different values")]
    [InlineData("""{"userid":"1","username":"u","price":1,"timestamp":"yesterday"}""", "timestamp can't be read as a point in time")]
    [InlineData("""{"userid":"1","username":"u","price":1,"timestamp":""}""", "timestamp can't be read as a point in time")]
    [InlineData("""{"userid":"1","username":"u","price":1,"timestamp":true}""", "timestamp can't be read as a point in time")]
    [InlineData("""{"userid":"1","username":"u","price":1,"timestamp":{}}""", "timestamp can't be read as a point in time")]
    [InlineData("""{"userid":"1","username":"u","price":1,"timestamp":[]}""", "timestamp can't be read as a point in time")]
    [InlineData("""{"userid":"1","username":"u","price":1,"timestamp":{"$date":true}}""", "timestamp can't be read as a point in time")]
    [InlineData("""{"userid":"1","username":"u","price":1,"timestamp":{"$date":1,"more":2}}""", "timestamp can't be read as a point in time")]
    [InlineData("""{"userid":"1","username":"u","price":1,"timestamp":{"$date":"yesterday"}}""", "timestamp can't be read as a point in time")]
    [InlineData("""{"userid":"1","username":"u","price":1,"timestamp":{"date":1}}""", "timestamp can't be read as a point in time")]
    [InlineData("""{"userid":"1","username":"u","price":1,"timestamp":[2024,1]}""", "timestamp can't be read as a point in time")]
    [InlineData("""{"userid":"1","username":"u","price":1,"timestamp":[2024,2,30]}""", "timestamp can't be read as a point in time")]
    [InlineData("""{"userid":"1","username":"u","price":1,"timestamp":[2024,1,19,24,0]}""", "timestamp can't be read as a point in time")]
    [InlineData("""{"userid":"1","username":"u","price":1,"timestamp":[2024,1,19,11]}""", "timestamp can't be read as a point in time")]
    [InlineData("""{"userid":"1","username":"u","price":1,"timestamp":[2024,1,19,11,20,0,0,0]}""", "timestamp can't be read as a point in time")]
    [InlineData("""{"userid":"1","username":"u","price":1,"timestamp":["2024",1,19]}""", "timestamp can't be read as a point in time")]
    [InlineData("""{"userid":"1","username":"u","price":1,"timestamp":1e400}""", "timestamp can't be read as a point in time")]
    [InlineData("""{"userid":"1","username":"u","price":1,"timestamp":"2024-02-30T00:00:00Z"}""", "timestamp can't be read as a point in time")]
    [InlineData("""{"userid":"1","username":"u","price":1,"timestamp":"2023-02-29"}""", "timestamp can't be read as a point in time")]
    [InlineData("""{"userid":"1","username":"u","price":1,"timestamp":"2024-13-01"}""", "timestamp can't be read as a point in time")]
    [InlineData("""{"userid":"1","username":"u","price":1,"timestamp":"2023-366"}""", "timestamp can't be read as a point in time")]
    [InlineData("""{"userid":"1","username":"u","price":1,"timestamp":"2024-000"}""", "timestamp can't be read as a point in time")]
    [InlineData("""{"userid":"1","username":"u","price":1,"timestamp":"2023-W53-1"}""", "timestamp can't be read as a point in time")]
    [InlineData("""{"userid":"1","username":"u","price":1,"timestamp":"2024-W03-8"}""", "timestamp can't be read as a point in time")]
    [InlineData("""{"userid":"1","username":"u","price":1,"timestamp":"2024-01-19T25:00:00Z"}""", "timestamp can't be read as a point in time")]
    [InlineData("""{"userid":"1","username":"u","price":1,"timestamp":"2024-01-19T24:00:01Z"}""", "timestamp can't be read as a point in time")]
    [InlineData("""{"userid":"1","username":"u","price":1,"timestamp":"2024-01-19T11:60:00Z"}""", "timestamp can't be read as a point in time")]
    [InlineData("""{"userid":"1","username":"u","price":1,"timestamp":"2024-01-19T11:20:60Z"}""", "timestamp can't be read as a point in time")]
    [InlineData("""{"userid":"1","username":"u","price":1,"timestamp":"2024-01-19T11:20:61Z"}""", "timestamp can't be read as a point in time")]
    [InlineData("""{"userid":"1","username":"u","price":1,"timestamp":"2024-01-19T23:59:60+01:00"}""", "timestamp can't be read as a point in time")]
    [InlineData("""{"userid":"1","username":"u","price":1,"timestamp":"2024-01-19T11:20:00.Z"}""", "timestamp can't be read as a point in time")]
    [InlineData("""{"userid":"1","username":"u","price":1,"timestamp":"2024-01-19T11:20:00+24:00"}""", "timestamp can't be read as a point in time")]
    [InlineData("""{"userid":"1","username":"u","price":1,"timestamp":"2024-01-19T11:20:00+01:60"}""", "timestamp can't be read as a point in time")]
    [InlineData("""{"userid":"1","username":"u","price":1,"timestamp":"2024-01-19T11:20:00Zulu"}""", "timestamp can't be read as a point in time")]
    [InlineData("""{"userid":"1","username":"u","price":1,"timestamp":"2024-01-19T"}""", "timestamp can't be read as a point in time")]
    [InlineData("""{"userid":"1","username":"u","price":1,"timestamp":"2024-01-19X11:20"}""", "timestamp can't be read as a point in time")]
    [InlineData("""{"userid":"1","username":"u","price":1,"timestamp":"2024-01"}""", "timestamp can't be read as a point in time")]
    [InlineData("""{"userid":"1","username":"u","price":1,"timestamp":"2024-W03"}""", "timestamp can't be read as a point in time")]
    [InlineData("""{"userid":"1","username":"u","price":1,"timestamp":"P1D"}""", "timestamp can't be read as a point in time")]
    [InlineData("""{"userid":"1","username":"u","price":1,"timestamp":"11:20:00"}""", "timestamp can't be read as a point in time")]
    [InlineData("""{"userid":"1","username":"u","price":1,"timestamp":-62135596801}""", "timestamp is outside the years 1 to 9999")]
    [InlineData("""{"userid":"1","username":"u","price":1,"timestamp":-99999999999}""", "timestamp is outside the years 1 to 9999")]
    [InlineData("""{"userid":"1","username":"u","price":1,"timestamp":99999999999999999999999999}""", "timestamp is outside the years 1 to 9999")]
    [InlineData("""{"userid":"1","username":"u","price":1,"timestamp":-99999999999999}""", "timestamp is outside the years 1 to 9999")]
    [InlineData("""{"userid":"1","username":"u","price":1,"timestamp":"9999-12-31T23:59:59-14:00"}""", "timestamp is outside the years 1 to 9999")]
    [InlineData("""{"userid":"1","username":"u","price":1,"timestamp":"0001-01-01T00:00:00+14:00"}""", "timestamp is outside the years 1 to 9999")]
    [InlineData("""{"userid":"1","username":"u","price":1,"timestamp":"9999-12-31T24:00:00Z"}""", "timestamp is outside the years 1 to 9999")]
    [InlineData("""{"userid":"1","username":"u","price":1,"timestamp":"+012024-01-19T11:20:00Z"}""", "timestamp is outside the years 1 to 9999")]
    [InlineData("""{"userid":"1","username":"u","price":1,"timestamp":"-000001-12-31T00:00:00Z"}""", "timestamp is outside the years 1 to 9999")]
    [InlineData("""{"userid":"1","username":"u","price":1,"timestamp":"0000-01-01"}""", "timestamp is outside the years 1 to 9999")]
    [InlineData("""{"userid":"1","username":"u","price":1,"timestamp":{"$date":{"$numberLong":"253402300800000"}}}""", "timestamp is outside the years 1 to 9999")]
    [InlineData("""{"specversion":"1.0","id":"1","source":"/shop","type":"t"}""", "data is required")]
    [InlineData("""{"specversion":"1.0","id":"1","source":"/shop","type":"t","data":null}""", "data is required")]
    [InlineData("""{"specversion":"1.0","id":"1","source":"/shop","type":"t","data":"text"}""", "data is not a JSON object")]
    [InlineData("""{"specversion":"1.0","id":"1","source":"/shop","type":"t","data":[1]}""", "data is not a JSON object")]
    [InlineData("""{"specversion":"1.0","id":"1","source":"/shop","type":"t","data":{}}""", "userid is required")]
    [InlineData("""{"specversion":"1.0","id":"1","source":"/shop","type":"t","data_base64":"?"}""", "data_base64 is not base64")]
    [InlineData("""{"specversion":"1.0","id":"1","source":"/shop","type":"t","data_base64":7}""", "data_base64 is not base64")]
    [InlineData("""{"specversion":"1.0","id":"1","source":"/shop","type":"t","data_base64":"WzFd"}""", "not a JSON object")]
    [InlineData("""{"specversion":"1.0","id":"1","source":"/shop","type":"t","data_base64":"e30"}""", "data_base64 is not base64")]
    [InlineData("""{"specversion":"1.0","id":"1","source":"/shop","type":"t","data_base64":"ew=="}""", "not valid JSON")]
    [InlineData("""{"specversion":"1.0","id":"1","source":"/shop","type":"t","data":{"userid":"1","username":"u","price":1,"price":2}}""", "price is given twice")]
    [InlineData("""{"specversion":"1.0","id":"1","source":"/shop","type":"t","time":"yesterday","data":{"userid":"1","username":"u","price":1}}""", "time can't be read as a point in time")]
    [InlineData("""{"specversion":"1.0","id":"1","source":"/shop","type":"t","userid":"1","username":"u","price":1}""", "data is required")]
    [InlineData("""{"specversion":"1.0","id":"1","source":"/shop","type":"t","id":[],"data":{"userid":"1","username":"u","price":1}}""", "id is neither text nor a number")]
    public void An_unreadable_event_gives_its_reason(string value, string reason) =>
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
        string[] names =
        [
            "id", "_id", "userid", "userId", "user_id", "username", "price", "item", "timestamp", "extra", "", "\\ud800",
            "specversion", "source", "time", "data", "data_base64",
        ];
        string[] values =
        [
            "null", "true", "1", "-1", "0", "12.00", "1e9", "1e-9", "-99999999999", "99999999999", "100000000000", "-62135596800",
            "79228162514264337593543950335", "79228162514264337593543950336", "1e999", "\"\"", "\"1\"", "\"u\"", "\"\\u0000\"",
            "\"\\ud83d\"", "\"🛒\"", "\"2024-01-19T11:20:00Z\"", "\"0001-01-01T00:00:00+01:00\"", "\"0001-01-01T00:00:00\"",
            "\"9999-12-31T23:59:59.9999999Z\"", "\"018d21b4-7f8b-7000-8000-000000000001\"", "\"-99999999999\"", "\"1e300\"",
            "[]", "{}", "[[1]]", "{\"price\":1}", "{\"$date\":1}", "{\"$date\":{\"$numberLong\":\"1e28\"}}", "{\"$date\":[{}]}", "{\"$oid\":\"\"}",
            "{\"$binary\":{\"base64\":\"AY0htH+LcACAAAAAAAAAAQ==\",\"subType\":\"04\"}}", "{\"$numberDecimal\":\"1E-40\"}", "{\"$numberDouble\":{\"$numberDouble\":1}}",
            "[2024,1,19,11,20]", "[2024,1,19,[11],20]", "[-1,13,0]", "\"+999999-12-31T24:00,5-23:59\"", "\"2016-12-31T23:59:60\"", "\"9999-W52-7\"", "\"0001W017\"",
            "\"99991231235960\"", "0.30000000000000004", "79228162514.26433759354395033", "1e20", "-1e20", "\"eyJ1c2VyaWQiOjF9\"",
            "{\"userid\":2,\"id\":\"x\",\"timestamp\":\"2024-01-19\"}",
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
