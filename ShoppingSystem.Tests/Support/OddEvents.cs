using System.Globalization;
using System.Text;

namespace ShoppingSystem.Tests.Support;

/// <summary>
/// Makes events as other producers might: purchases in every dialect, purchases with a few bytes changed, odd values, noise.
/// No two have an id in common. The same seed makes the same events, but for their ids.
/// </summary>
internal sealed class OddEvents(int seed)
{
    private static readonly string[] Times =
    [
        "1705663200.123456", "1705663200", "1705663200123", "\"2024-01-19T11:20:00.123456Z\"", "\"2024-01-19T11:20:00\"", "\"2024-01-19T11:20:00+05:30\"", "\"1705663200.5\"",
        "1705663200123456", "1705663200123456789", "\"20240119T112000.5+0530\"", "\"2024-01-19 11:20:00,123456789\"", "\"2024-W03-5t24:00z\"", "\"2024-019\"",
        "[2024,1,19,11,20,0,5]", "{\"$date\":{\"$numberLong\":\"1705663200123\"}}", "{\"$date\":\"2016-12-31T23:59:60Z\"}",
        "0", "-1", "-62135596800", "-62135596801", "99999999999", "100000000000", "253402300799", "253402300799999", "1e400", "-1e400", "1e-30", "1e18", "79228162514264337593543950335",
        "\"0001-01-01T00:00:00+14:00\"", "\"0001-01-01T00:00:00Z\"", "\"9999-12-31T23:59:59.9999999Z\"", "\"9999-12-31T23:59:59-14:00\"", "\"2024-02-30T00:00:00Z\"", "\"yesterday\"", "null", "true", "[]", "[2024,2,30]", "[1,[2]]", "{\"$date\":{}}",
        "\"+999999-01-01T00:00Z\"", "\"9999-W52-7T24:00-23:59\"", "\"2024-01-19T11:20:60Z\"", "\"P1D\"", "1e20", "-1e17",
    ];

    private static readonly string[] Prices =
    [
        "1", "12.50", "50.0", "0.0001", "0.30000000000000004", "12.50000", "{\"$numberDecimal\":\"12.50\"}", "{\"$numberInt\":\"3\"}", "0.00001", "0", "-0", "-1", "1000000000", "1000000000.0001", "1e9", "1e10", "1e28", "1e400", "\"3.20\"", "\"1e2\"", "\" 1\"", "\"\"", "\"NaN\"", "null", "{}", "[1]", "false",
        "0.10000000000000000000000000000", "1.", "01", "79228162514264337593543950336",
    ];

    private static readonly string[] Texts =
    [
        "\"u\"", "\"Ada\"", "7", "1e400", "\"\"", "null", "\" \"", "\"\\u0000\"", "\"\\ud800\"", "\"\\ud83d\\uded2\"", "\"\u00e9\u202e\ufeff\"", "\"a\\nb\"", "\"'; DROP TABLE purchases; --\"", "{\"a\":[{}]}", "[]", "true", "\"<script>\"", "{\"$oid\":\"65aa5b60f2a1b3c4d5e6f708\"}", "{\"$oid\":{}}", "{\"$binary\":[\"\"]}", "\"e30=\"", "\"unclosed",
    ];

    private static readonly string[] Fields = ["username", "userid", "userId", "USERID", "price", "item", "timestamp", "user_id", "user_name", "id", "_id", "specversion", "source", "time", "data", "data_base64", "colour", "", "\\u0070rice", "__proto__"];

    private readonly Random _random = new(seed);

    /// <summary>So many events. None contains a line break, which can't be part of one in the embedded log.</summary>
    public List<byte[]> Take(int count) => [.. Enumerable.Range(0, count).Select(_ => Array.FindAll(Next(), value => value is not (byte)'\n'))];

    /// <summary>Checks that each was recorded or is a dead letter, and that there were many of both.</summary>
    public static void AreAllDealtWith(int count, long recorded, long deadLetters)
    {
        Assert.Equal(count, recorded + deadLetters);
        Assert.True(recorded > count / 10 && deadLetters > count / 10, $"the generator makes only one kind: {recorded} recorded, {deadLetters} dead letters");
    }

    private byte[] Next() => _random.Next(10) switch
    {
        0 => Noise(_random.Next(300)),
        1 => Encoding.UTF8.GetBytes(new string('[', _random.Next(1, 3000)) + (_random.Next(2) == 0 ? "" : "]")),
        2 => Encoding.UTF8.GetBytes($"{{\"username\":\"u\",\"userid\":\"1\",\"price\":1,\"item\":\"{new string('x', _random.Next(1, 60_000))}\"}}"),
        3 => Encoding.Unicode.GetBytes(Purchase()),
        4 or 5 => Encoding.UTF8.GetBytes(Purchase()),
        6 or 7 => Encoding.UTF8.GetBytes(Anything()),
        _ => Mutated(Encoding.UTF8.GetBytes(Purchase())),
    };

    // Good, in one dialect or another.
    private string Purchase()
    {
        var id = _random.Next(8) switch
        {
            < 3 => "",
            3 => $"\"id\":\"order {Guid.NewGuid()}\",",
            4 => $"\"_id\":{{\"$oid\":\"{Guid.NewGuid():N}\"}},",
            _ => $"\"id\":\"{Guid.NewGuid()}\",",
        };
        var timestamp = _random.Next(4) == 0 ? "" : $",\"timestamp\":{Times[_random.Next(16)]}";
        var item = _random.Next(2) == 0 ? "" : ",\"item\":\"tea\"";
        var purchase = string.Create(CultureInfo.InvariantCulture, $"{{{id}\"username\":\"Ada\",\"{(_random.Next(2) == 0 ? "userid" : "userId")}\":\"user {_random.Next(20)}\",\"price\":{Prices[_random.Next(8)]}{item}{timestamp}}}");
        return _random.Next(8) switch
        {
            0 => $"{{\"specversion\":\"1.0\",\"id\":\"{Guid.NewGuid():N}-1\",\"source\":\"/shop\",\"type\":\"t\",\"time\":{Times[_random.Next(16)]},\"data\":{purchase}}}",
            1 => $"{{\"data_base64\":\"{Convert.ToBase64String(Encoding.UTF8.GetBytes(purchase))}\",\"specversion\":\"1.0\"}}",
            2 => $"\ufeff{purchase}",
            _ => purchase,
        };
    }

    private string Anything()
    {
        var fields = _random.Next(2) == 0 ? ["username", "userid", "price", "timestamp", "item"] : _random.GetItems(Fields, _random.Next(8));
        return $"{{{string.Join(',', fields.Select(field => $"\"{field}\":{Pick(field is "price" ? Prices : field is "timestamp" ? Times : Texts)}"))}}}";
    }

    private byte[] Mutated(byte[] good)
    {
        var value = good.ToList();
        for (var i = _random.Next(1, 4); i > 0 && value.Count > 0; i--)
        {
            var at = _random.Next(value.Count);
            switch (_random.Next(4))
            {
                case 0:
                    value[at] ^= (byte)(1 << _random.Next(8));
                    break;
                case 1:
                    value.RemoveRange(at, Math.Min(_random.Next(1, 10), value.Count - at));
                    break;
                case 2:
                    value.InsertRange(at, Noise(_random.Next(1, 10)));
                    break;
                default:
                    value.RemoveRange(at, value.Count - at);
                    break;
            }
        }

        return [.. value];
    }

    private byte[] Noise(int length)
    {
        var noise = new byte[length];
        _random.NextBytes(noise);
        return noise;
    }

    private string Pick(string[] from) => from[_random.Next(from.Length)];
}
