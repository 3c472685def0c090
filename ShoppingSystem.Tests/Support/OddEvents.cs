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
        "0", "-1", "-62135596800", "-62135596801", "99999999999", "100000000000", "253402300799", "253402300799999", "1e400", "-1e400", "1e-30", "1e18", "79228162514264337593543950335",
        "\"0001-01-01T00:00:00+14:00\"", "\"0001-01-01T00:00:00Z\"", "\"9999-12-31T23:59:59.9999999Z\"", "\"9999-12-31T23:59:59-14:00\"", "\"2024-02-30T00:00:00Z\"", "\"yesterday\"", "null", "true", "[]",
    ];

    private static readonly string[] Prices =
    [
        "1", "12.50", "50.0", "0.0001", "0.00001", "0", "-0", "-1", "1000000000", "1000000000.0001", "1e9", "1e10", "1e28", "1e400", "\"3.20\"", "\"1e2\"", "\" 1\"", "\"\"", "\"NaN\"", "null", "{}", "[1]", "false",
        "0.10000000000000000000000000000", "1.", "01", "79228162514264337593543950336",
    ];

    private static readonly string[] Texts =
    [
        "\"u\"", "\"Ada\"", "7", "1e400", "\"\"", "null", "\" \"", "\"\\u0000\"", "\"\\ud800\"", "\"\\ud83d\\uded2\"", "\"\u00e9\u202e\ufeff\"", "\"a\\nb\"", "\"'; DROP TABLE purchases; --\"", "{\"a\":[{}]}", "[]", "true", "\"<script>\"", "\"unclosed",
    ];

    private static readonly string[] Fields = ["username", "userid", "userId", "USERID", "price", "item", "timestamp", "colour", "", "\\u0070rice", "__proto__"];

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
        var id = _random.Next(2) == 0 ? $"\"id\":\"{Guid.NewGuid()}\"," : "";
        var timestamp = _random.Next(4) == 0 ? "" : $",\"timestamp\":{Times[_random.Next(7)]}";
        var item = _random.Next(2) == 0 ? "" : ",\"item\":\"tea\"";
        return string.Create(CultureInfo.InvariantCulture, $"{{{id}\"username\":\"Ada\",\"{(_random.Next(2) == 0 ? "userid" : "userId")}\":\"user {_random.Next(20)}\",\"price\":{Prices[_random.Next(4)]}{item}{timestamp}}}");
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
