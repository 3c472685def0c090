using System.Text;
using System.Text.Json;
using ShoppingSystem.Purchases;
using ShoppingSystem.Tests.Kubernetes;

namespace ShoppingSystem.Tests.Purchases;

/// <summary>
/// Every form of an event in <c>docs/events.md</c>, as its producer writes it: the tables there and the rows here are the same.
/// </summary>
public sealed class ProducerEventTests
{
    private static readonly string Document = Path.Combine(Tools.Deploy, "../docs/events.md");
    private static readonly DateTimeOffset AppendedAt = new(2024, 1, 19, 11, 20, 1, TimeSpan.Zero);

    /// <summary>The form, who writes it, the event or a part of it, what it is recorded as or a part of that.</summary>
    public static TheoryData<string, string, string, string> Forms => new()
    {
        // Whole events.
        {
            "no id, `userId`, ISO 8601", "kafkajs, `JSON.stringify` of an object with a `Date`",
            """{"username":"elad","userId":"555","price":12,"timestamp":"2024-01-19T11:20:00.123Z"}""",
            """{"id":"7816daf6-8c0f-8bea-a5d3-5ca42e2fc826","username":"elad","userid":"555","price":12,"timestamp":1705663200.123000}"""
        },
        {
            "blanks, escapes, epoch in seconds", "aiokafka, `json.dumps` and `time.time()`",
            """{"userid": "123", "username": "Zo\u00eb", "price": 50.0, "timestamp": 1705663200.123456}""",
            """{"id":"7816daf6-8c0f-8bea-a5d3-5ca42e2fc826","username":"Zoë","userid":"123","price":50.0,"timestamp":1705663200.123456}"""
        },
        {
            "number as id, epoch with 9 decimals", "Spring Kafka 2 and 3, `JsonSerializer` (Jackson 2) of an `Instant`",
            """{"id":42,"userId":"123","username":"Ada","price":12.50,"item":null,"timestamp":1705663200.123456789}""",
            """{"id":"bc1723b5-b170-8dec-a045-3e2f31220287","username":"Ada","userid":"123","price":12.50,"timestamp":1705663200.123456}"""
        },
        {
            "UUID, ISO 8601 with 9 decimals", "Spring Kafka 4, `JacksonJsonSerializer` (Jackson 3) of an `Instant`",
            """{"id":"018d21b4-7f8b-7000-8000-000000000001","userId":"123","username":"Ada","price":12.50,"item":"tea","timestamp":"2024-01-19T11:20:00.123456789Z"}""",
            """{"id":"018d21b4-7f8b-7000-8000-000000000001","username":"Ada","userid":"123","price":12.50,"item":"tea","timestamp":1705663200.123456}"""
        },
        {
            "CloudEvent, structured: `data` is read; its `time` where `data` has none", "CloudEvents SDK for JavaScript",
            """{"id":"A234-1234-1234","time":"2024-01-19T11:20:00.123Z","type":"com.example.purchase","source":"https://shop.example/checkout","specversion":"1.0","datacontenttype":"application/json","data":{"userId":"123","username":"Ada","price":12.5}}""",
            """{"id":"f498b999-8424-8c7b-a97a-1a7f49eac8eb","username":"Ada","userid":"123","price":12.5,"timestamp":1705663200.123000}"""
        },
        {
            "CloudEvent whose `data` has an id and a time: these count", "CloudEvents SDK for Java",
            """{"specversion":"1.0","id":"A234-1234-1234","source":"https://shop.example/checkout","type":"com.example.purchase","time":"2024-01-19T11:20:09Z","data":{"id":42,"userId":"123","username":"Ada","price":12.50,"timestamp":1705663200123}}""",
            """{"id":"9699ba43-a4bd-81ec-8588-1df19b5d2bdc","username":"Ada","userid":"123","price":12.50,"timestamp":1705663200.123000}"""
        },
        {
            "CloudEvent with `data_base64`", "CloudEvents SDK for Go, data as bytes",
            """{"specversion":"1.0","id":"018d21b4-7f8b-7000-8000-000000000001","source":"https://shop.example/checkout","type":"com.example.purchase","datacontenttype":"application/json","time":"2024-01-19T11:20:00.123456789Z","data_base64":"eyJ1c2VySWQiOiIxMjMiLCJ1c2VybmFtZSI6IkFkYSIsInByaWNlIjoxMi41MH0="}""",
            """{"id":"018d21b4-7f8b-7000-8000-000000000001","username":"Ada","userid":"123","price":12.50,"timestamp":1705663200.123456}"""
        },
        {
            "MongoDB Extended JSON, version 1", "MongoDB Kafka Connector, `DefaultJson`, `publish.full.document.only=true`",
            """{"_id": {"$oid": "65aa5b60f2a1b3c4d5e6f708"}, "userid": "123", "username": "Ada", "price": {"$numberDecimal": "12.50"}, "timestamp": {"$date": 1705663200123}}""",
            """{"id":"90ecaba6-7234-8a02-86d3-44a27e3cc30b","username":"Ada","userid":"123","price":12.50,"timestamp":1705663200.123000}"""
        },
        {
            "MongoDB Extended JSON, version 2, canonical", "MongoDB Kafka Connector, `ExtendedJson`",
            """{"_id":{"$oid":"65aa5b60f2a1b3c4d5e6f708"},"userid":{"$numberLong":"123"},"username":"Ada","price":{"$numberDouble":"12.5"},"timestamp":{"$date":{"$numberLong":"1705663200123"}}}""",
            """{"id":"90ecaba6-7234-8a02-86d3-44a27e3cc30b","username":"Ada","userid":"123","price":12.5,"timestamp":1705663200.123000}"""
        },
        {
            "MongoDB documents as plain JSON", "MongoDB Kafka Connector, `SimplifiedJson`",
            """{"_id":"65aa5b60f2a1b3c4d5e6f708","userid":"123","username":"Ada","price":"12.50","timestamp":"2024-01-19T11:20:00.123Z"}""",
            """{"id":"90ecaba6-7234-8a02-86d3-44a27e3cc30b","username":"Ada","userid":"123","price":12.50,"timestamp":1705663200.123000}"""
        },
        {
            "UTF-8 with a byte order mark (the bytes EF BB BF)", ".NET `StreamWriter` with `Encoding.UTF8`, Windows PowerShell",
            """EF BB BF {"userid":"123","username":"Ada","price":12.50,"timestamp":1705663200}""",
            """{"id":"7816daf6-8c0f-8bea-a5d3-5ca42e2fc826","username":"Ada","userid":"123","price":12.50,"timestamp":1705663200.000000}"""
        },
        {
            "neither id nor time", "`kafka-console-producer`, by hand",
            """{"userid":"123","username":"user1","price":50}""",
            """{"id":"7816daf6-8c0f-8bea-a5d3-5ca42e2fc826","username":"user1","userid":"123","price":50,"timestamp":1705663201.000000}"""
        },
        // Ids.
        {
            "UUID", "most",
            "\"id\":\"018d21b4-7f8b-7000-8000-000000000001\"",
            "\"id\":\"018d21b4-7f8b-7000-8000-000000000001\""
        },
        {
            "UUID without hyphens, in braces, in capitals", "Python `uuid4().hex`, .NET, Windows",
            "\"id\":\"{018D21B4-7F8B-7000-8000-000000000001}\"",
            "\"id\":\"018d21b4-7f8b-7000-8000-000000000001\""
        },
        {
            "ULID", "ulid libraries",
            "\"id\":\"01HMGV2A3XJ5T8Q9WZ4K7N6P0R\"",
            "\"id\":\"3c2d7cc4-61a7-83c8-bfd0-caa98d206af0\""
        },
        {
            "ObjectId as text", "Mongoose, `JSON.stringify`",
            "\"_id\":\"65aa5b60f2a1b3c4d5e6f708\"",
            "\"id\":\"90ecaba6-7234-8a02-86d3-44a27e3cc30b\""
        },
        {
            "ObjectId", "MongoDB Extended JSON",
            "\"_id\":{\"$oid\":\"65aa5b60f2a1b3c4d5e6f708\"}",
            "\"id\":\"90ecaba6-7234-8a02-86d3-44a27e3cc30b\""
        },
        {
            "integer", "SQL sequences",
            "\"id\":9007199254740993",
            "\"id\":\"02a14ca5-31d5-8e9e-94be-404fc8d9469a\""
        },
        {
            "integer of 64 bits", "MongoDB Extended JSON, canonical",
            "\"id\":{\"$numberLong\":\"42\"}",
            "\"id\":\"bc1723b5-b170-8dec-a045-3e2f31220287\""
        },
        {
            "any text", "order numbers",
            "\"id\":\"order 7/2024\"",
            "\"id\":\"c4ab2976-9b74-88a5-83d2-a93da9c15bc0\""
        },
        {
            "UUID as MongoDB keeps it", "MongoDB Extended JSON, version 2",
            "\"_id\":{\"$binary\":{\"base64\":\"AY0htH+LcACAAAAAAAAAAQ==\",\"subType\":\"04\"}}",
            "\"id\":\"018d21b4-7f8b-7000-8000-000000000001\""
        },
        {
            "UUID as MongoDB keeps it", "MongoDB Extended JSON, version 1",
            "\"_id\":{\"$binary\":\"AY0htH+LcACAAAAAAAAAAQ==\",\"$type\":\"04\"}",
            "\"id\":\"018d21b4-7f8b-7000-8000-000000000001\""
        },
        {
            "UUID", "MongoDB Extended JSON, for reading only",
            "\"id\":{\"$uuid\":\"018d21b4-7f8b-7000-8000-000000000001\"}",
            "\"id\":\"018d21b4-7f8b-7000-8000-000000000001\""
        },
        {
            "`id` beside `_id`", "documents with an id of their own",
            "\"_id\":{\"$oid\":\"65aa5b60f2a1b3c4d5e6f708\"},\"id\":\"018d21b4-7f8b-7000-8000-000000000001\"",
            "\"id\":\"018d21b4-7f8b-7000-8000-000000000001\""
        },
        // Times.
        {
            "epoch, seconds", "`date +%s`, Go `Unix()`",
            "\"timestamp\":1705663200",
            "\"timestamp\":\"2024-01-19T11:20:00.000000Z\""
        },
        {
            "epoch, seconds with decimals", "Python `time.time()`",
            "\"timestamp\":1705663200.123456",
            "\"timestamp\":\"2024-01-19T11:20:00.123456Z\""
        },
        {
            "epoch, milliseconds", "JavaScript `Date.now()`, Java `currentTimeMillis()`",
            "\"timestamp\":1705663200123",
            "\"timestamp\":\"2024-01-19T11:20:00.123000Z\""
        },
        {
            "epoch, microseconds", "Debezium `MicroTimestamp`",
            "\"timestamp\":1705663200123456",
            "\"timestamp\":\"2024-01-19T11:20:00.123456Z\""
        },
        {
            "epoch, nanoseconds", "Python `time_ns()`, Go `UnixNano()`",
            "\"timestamp\":1705663200123456789",
            "\"timestamp\":\"2024-01-19T11:20:00.123456Z\""
        },
        {
            "epoch as text", "InfluxDB, shells",
            "\"timestamp\":\"1705663200123\"",
            "\"timestamp\":\"2024-01-19T11:20:00.123000Z\""
        },
        {
            "epoch of 64 bits", "MongoDB Extended JSON, canonical",
            "\"timestamp\":{\"$numberLong\":\"1705663200123\"}",
            "\"timestamp\":\"2024-01-19T11:20:00.123000Z\""
        },
        {
            "ISO 8601, RFC 3339", "most",
            "\"timestamp\":\"2024-01-19T11:20:00Z\"",
            "\"timestamp\":\"2024-01-19T11:20:00.000000Z\""
        },
        {
            "with an offset", "Python `datetime.isoformat()`",
            "\"timestamp\":\"2024-01-19T13:20:00.123456+02:00\"",
            "\"timestamp\":\"2024-01-19T11:20:00.123456Z\""
        },
        {
            "offset without a colon", "Jackson before 2.11, of a `java.util.Date`",
            "\"timestamp\":\"2024-01-19T11:20:00.123+0000\"",
            "\"timestamp\":\"2024-01-19T11:20:00.123000Z\""
        },
        {
            "offset of hours", "PostgreSQL",
            "\"timestamp\":\"2024-01-19 11:20:00.123456+00\"",
            "\"timestamp\":\"2024-01-19T11:20:00.123456Z\""
        },
        {
            "no zone: UTC", "Java `LocalDateTime.toString()`",
            "\"timestamp\":\"2024-01-19T11:20:00.123456\"",
            "\"timestamp\":\"2024-01-19T11:20:00.123456Z\""
        },
        {
            "no seconds", "Java `LocalDateTime.toString()` at a whole minute",
            "\"timestamp\":\"2024-01-19T11:20\"",
            "\"timestamp\":\"2024-01-19T11:20:00.000000Z\""
        },
        {
            "9 decimals: what is finer than a microsecond is cut off", "Go `RFC3339Nano`, Java `Instant.toString()`",
            "\"timestamp\":\"2024-01-19T11:20:00.123456789Z\"",
            "\"timestamp\":\"2024-01-19T11:20:00.123456Z\""
        },
        {
            "comma", "Python `logging`",
            "\"timestamp\":\"2024-01-19 11:20:00,123\"",
            "\"timestamp\":\"2024-01-19T11:20:00.123000Z\""
        },
        {
            "a blank for `T`", "Python `str(datetime)`, SQL",
            "\"timestamp\":\"2024-01-19 11:20:00\"",
            "\"timestamp\":\"2024-01-19T11:20:00.000000Z\""
        },
        {
            "a blank before the offset", "Ruby `Time#to_s`",
            "\"timestamp\":\"2024-01-19 11:20:00 +0000\"",
            "\"timestamp\":\"2024-01-19T11:20:00.000000Z\""
        },
        {
            "lower case", "RFC 3339 allows it",
            "\"timestamp\":\"2024-01-19t11:20:00z\"",
            "\"timestamp\":\"2024-01-19T11:20:00.000000Z\""
        },
        {
            "basic format", "`date -u +%Y%m%dT%H%M%SZ`",
            "\"timestamp\":\"20240119T112000Z\"",
            "\"timestamp\":\"2024-01-19T11:20:00.000000Z\""
        },
        {
            "basic format with fraction and offset", "iCalendar libraries",
            "\"timestamp\":\"20240119T132000.123+0200\"",
            "\"timestamp\":\"2024-01-19T11:20:00.123000Z\""
        },
        {
            "14 digits", "Java `yyyyMMddHHmmss`",
            "\"timestamp\":\"20240119112000\"",
            "\"timestamp\":\"2024-01-19T11:20:00.000000Z\""
        },
        {
            "14 digits, zone", "LDAP, ASN.1 GeneralizedTime",
            "\"timestamp\":\"20240119112000.123Z\"",
            "\"timestamp\":\"2024-01-19T11:20:00.123000Z\""
        },
        {
            "hours and minutes with a fraction", "ISO 8601",
            "\"timestamp\":\"2024-01-19T11:20,5Z\"",
            "\"timestamp\":\"2024-01-19T11:20:30.000000Z\""
        },
        {
            "date: midnight, UTC", "SQL `DATE`",
            "\"timestamp\":\"2024-01-19\"",
            "\"timestamp\":\"2024-01-19T00:00:00.000000Z\""
        },
        {
            "date, basic format", "ISO 8601",
            "\"timestamp\":\"20240119\"",
            "\"timestamp\":\"2024-01-19T00:00:00.000000Z\""
        },
        {
            "day of the week", "ISO 8601",
            "\"timestamp\":\"2024-W03-5T11:20:00Z\"",
            "\"timestamp\":\"2024-01-19T11:20:00.000000Z\""
        },
        {
            "day of the year", "ISO 8601",
            "\"timestamp\":\"2024-019T11:20:00Z\"",
            "\"timestamp\":\"2024-01-19T11:20:00.000000Z\""
        },
        {
            "24:00:00: midnight of the next day", "ISO 8601",
            "\"timestamp\":\"2024-01-19T24:00:00Z\"",
            "\"timestamp\":\"2024-01-20T00:00:00.000000Z\""
        },
        {
            "leap second: the first second of the next day", "RFC 3339",
            "\"timestamp\":\"2016-12-31T23:59:60.5Z\"",
            "\"timestamp\":\"2017-01-01T00:00:00.500000Z\""
        },
        {
            "year of six digits", "JavaScript `toISOString()` of far years",
            "\"timestamp\":\"+002024-01-19T11:20:00.000Z\"",
            "\"timestamp\":\"2024-01-19T11:20:00.000000Z\""
        },
        {
            "array", "Jackson 2 of a `LocalDateTime`",
            "\"timestamp\":[2024,1,19,11,20,0,123456789]",
            "\"timestamp\":\"2024-01-19T11:20:00.123456Z\""
        },
        {
            "array without seconds", "Jackson 2 of a `LocalDateTime` at a whole minute",
            "\"timestamp\":[2024,1,19,11,20]",
            "\"timestamp\":\"2024-01-19T11:20:00.000000Z\""
        },
        {
            "date", "MongoDB Extended JSON, relaxed",
            "\"timestamp\":{\"$date\":\"2024-01-19T11:20:00.123Z\"}",
            "\"timestamp\":\"2024-01-19T11:20:00.123000Z\""
        },
        {
            "date", "MongoDB Extended JSON, canonical",
            "\"timestamp\":{\"$date\":{\"$numberLong\":\"1705663200123\"}}",
            "\"timestamp\":\"2024-01-19T11:20:00.123000Z\""
        },
        {
            "date, always milliseconds", "MongoDB Extended JSON, version 1",
            "\"timestamp\":{\"$date\":1}",
            "\"timestamp\":\"1970-01-01T00:00:00.001000Z\""
        },
        // Prices.
        {
            "text", "JavaScript `toFixed(2)`, `BigDecimal` as text",
            "\"price\":\"12.50\"",
            "\"price\":12.50"
        },
        {
            "Decimal128", "MongoDB Extended JSON",
            "\"price\":{\"$numberDecimal\":\"12.50\"}",
            "\"price\":12.50"
        },
        {
            "double", "MongoDB Extended JSON, canonical",
            "\"price\":{\"$numberDouble\":\"12.5\"}",
            "\"price\":12.5"
        },
        {
            "integers", "MongoDB Extended JSON, canonical",
            "\"price\":{\"$numberInt\":\"12\"}",
            "\"price\":12"
        },
        {
            "exponent", "Java `BigDecimal.toString()`",
            "\"price\":1.25E+1",
            "\"price\":12.5"
        },
        {
            "noise of binary arithmetic", "JavaScript, Python: `0.1 + 0.2`",
            "\"price\":0.30000000000000004",
            "\"price\":0.3"
        },
        {
            "zeros beyond the fourth decimal", "SQL `DECIMAL(18,6)`",
            "\"price\":12.500000",
            "\"price\":12.5000"
        },
        // Users and names.
        {
            "`userId`, `USERID`: case does not count", "the classic dialect, Oracle",
            "\"USERID\":\"123\"",
            "\"userid\":\"123\""
        },
        {
            "`user_id`, `user_name`", "Python, Ruby, SQL",
            "\"user_id\":\"123\",\"user_name\":\"Ada\"",
            "\"username\":\"Ada\",\"userid\":\"123\""
        },
        {
            "numbers: their text", "SQL keys",
            "\"userId\":123,\"username\":7",
            "\"username\":\"7\",\"userid\":\"123\""
        },
        {
            "large numbers, as they are written", "64-bit ids",
            "\"userId\":12345678901234567890",
            "\"userid\":\"12345678901234567890\""
        },
        {
            "numbers", "MongoDB Extended JSON, canonical",
            "\"userid\":{\"$numberInt\":\"123\"}",
            "\"userid\":\"123\""
        },
        {
            "ObjectId", "MongoDB Extended JSON",
            "\"userid\":{\"$oid\":\"65aa5b60f2a1b3c4d5e6f708\"}",
            "\"userid\":\"65aa5b60f2a1b3c4d5e6f708\""
        },
        {
            "the same twice", "producers in transition",
            "\"userid\":\"123\",\"userId\":123",
            "\"userid\":\"123\""
        },
    };

    [Theory]
    [MemberData(nameof(Forms))]
    public void An_event_of_another_producer_is_recorded_as_the_document_says(string form, string producer, string written, string recorded)
    {
        var purchase = Read(Whole(written));

        var v1 = JsonSerializer.Serialize(PurchaseV1.From(purchase), PurchaseJson.Readable.PurchaseV1);
        var classic = JsonSerializer.Serialize(PurchaseClassic.From(purchase), PurchaseJson.Readable.Options);
        Assert.True(
            recorded.StartsWith('{') ? recorded == v1 : v1.Contains(recorded, StringComparison.Ordinal) || classic.Contains(recorded, StringComparison.Ordinal),
            $"{form}, {producer}: {v1}");
    }

    [Fact]
    public void The_tables_of_the_document_have_these_forms_and_no_others()
    {
        var written = File.ReadLines(Document).Where(line => line.StartsWith('|') && line.EndsWith("` |", StringComparison.Ordinal));

        Assert.Equal(Forms.Select(form => form.Data).Select(form => $"| {form.Item1} | {form.Item2} | `{form.Item3}` | `{form.Item4}` |"), written);
    }

    /// <summary>A producer that sends an event again may do so from another place: the id must not depend on where it stands.</summary>
    [Theory]
    [MemberData(nameof(Forms))]
    public void An_event_with_an_id_is_the_same_purchase_wherever_it_stands(string form, string producer, string written, string recorded)
    {
        var first = Read(Whole(written));
        var again = Read(Whole(written), partition: 7, offset: 4711);

        Assert.True(HasId(written) == (first.Id == again.Id), $"{form}, {producer}: {recorded}, again {again.Id}");
    }

    private static bool HasId(string written) =>
        written.Contains("\"id\":", StringComparison.Ordinal) || written.Contains("\"_id\":", StringComparison.Ordinal);

    // A part of an event stands in one that has whatever else it needs.
    internal static string Whole(string written)
    {
        if (!written.StartsWith('"'))
        {
            return written;
        }

        var given = written.Replace("_", "", StringComparison.Ordinal);
        string[] others = ["\"userid\":\"123\"", "\"username\":\"Ada\"", "\"price\":12.50"];
        return $"{{{string.Join(',', [written, .. others.Where(other => !given.Contains(other.Split(':')[0], StringComparison.OrdinalIgnoreCase))])}}}";
    }

    private static Purchase Read(string written, int partition = 3, long offset = 42)
    {
        const string ByteOrderMark = "EF BB BF ";
        var value = written.StartsWith(ByteOrderMark, StringComparison.Ordinal)
            ? [.. Encoding.UTF8.Preamble, .. Encoding.UTF8.GetBytes(written[ByteOrderMark.Length..])]
            : Encoding.UTF8.GetBytes(written);
        Assert.True(PurchaseEvent.TryRead(new FeedEvent("purchases", partition, offset, AppendedAt, value), out var purchase, out var reason), $"{written}: {reason}");
        return purchase;
    }
}
