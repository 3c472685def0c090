using System.Buffers;
using System.Text.Json;
using System.Text.Json.Serialization;
using BenchmarkDotNet.Attributes;
using BenchmarkDotNet.Configs;
using ShoppingSystem.Purchases;

namespace ShoppingSystem.Benchmarks;

/// <summary>Encodes and decodes a purchase for the log; compared with a plain class and <see cref="JsonSerializer"/>.</summary>
[GroupBenchmarksBy(BenchmarkLogicalGroupRule.ByCategory)]
[CategoriesColumn]
public class EventBenchmarks
{
    private readonly Purchase _purchase = Some.Purchase();
    private readonly Plain _plain = Plain.From(Some.Purchase());
    private readonly ArrayBufferWriter<byte> _buffer = new(512);
    private FeedEvent _event;

    [GlobalSetup]
    public void Encode()
    {
        PurchaseEvent.Write(_buffer, _purchase);
        _event = new FeedEvent("purchases", 0, 0, _purchase.Timestamp, _buffer.WrittenSpan.ToArray());
    }

    [Benchmark(Baseline = true), BenchmarkCategory("encode")]
    public byte[] EncodePlainly() => JsonSerializer.SerializeToUtf8Bytes(_plain);

    [Benchmark, BenchmarkCategory("encode")]
    public int EncodeEvent()
    {
        _buffer.ResetWrittenCount();
        PurchaseEvent.Write(_buffer, _purchase);
        return _buffer.WrittenCount;
    }

    // Both validate what they read: any producer may have written an event of the log.
    [Benchmark(Baseline = true), BenchmarkCategory("decode")]
    public bool DecodePlainly() => JsonSerializer.Deserialize<Plain>(_event.Value.Span) is { } read && IsValid(read.Username, read.UserId, read.Price, read.Item);

    [Benchmark, BenchmarkCategory("decode")]
    public bool DecodeEvent() => PurchaseEvent.TryRead(_event, out _, out _);

    [Benchmark, BenchmarkCategory("validate")]
    public bool Validate() => IsValid(_purchase.Username, _purchase.UserId, _purchase.Price, _purchase.Item);

    private static bool IsValid(string? username, string? userId, decimal? price, string? item) =>
        PurchaseRules.CheckText(username) is null && PurchaseRules.CheckText(userId) is null
        && PurchaseRules.CheckPrice(price) is null && PurchaseRules.CheckOptionalText(item) is null;

    private sealed class Plain
    {
        [JsonPropertyName("id")]
        public Guid Id { get; set; }

        [JsonPropertyName("username")]
        public string? Username { get; set; }

        [JsonPropertyName("userid")]
        public string? UserId { get; set; }

        [JsonPropertyName("price")]
        public decimal Price { get; set; }

        [JsonPropertyName("item")]
        public string? Item { get; set; }

        [JsonPropertyName("timestamp")]
        public decimal Timestamp { get; set; }

        public static Plain From(Purchase purchase) => new()
        {
            Id = purchase.Id,
            Username = purchase.Username,
            UserId = purchase.UserId,
            Price = purchase.Price,
            Item = purchase.Item,
            Timestamp = (purchase.Timestamp - DateTimeOffset.UnixEpoch).Ticks / 10_000_000m,
        };
    }
}

internal static class Some
{
    public static Purchase Purchase(int user = 1)
    {
        var now = DateTimeOffset.UnixEpoch.AddMicroseconds(1_705_663_200_123_456 + user);
        return new(PurchaseId.New(DateTimeOffset.UtcNow), $"user-{user}", "Ada Lovelace", 12.50m, "Coffee mug", now);
    }
}
