using System.Security.Cryptography;
using System.Text;
using ShoppingSystem.Purchases;

namespace ShoppingSystem.Storefront;

/// <summary>
/// What was lately bought under an <c>Idempotency-Key</c>, by user and key, so that a retry gets the answer of the first attempt
/// and another purchase under the same key is refused. It is this process's own memory: what another web server was asked,
/// what is older and what does not fit is not known. Then the id, which is derived from user and key, keeps the record right.
/// </summary>
internal sealed class IdempotencyKeys(TimeProvider time)
{
    /// <summary>The most keys that are remembered, at some 200 bytes each; the oldest make room for more.</summary>
    public const int Capacity = 50_000;

    /// <summary>How long a key is remembered, from its first use on.</summary>
    public static readonly TimeSpan RememberedFor = TimeSpan.FromMinutes(5);

    private readonly Lock _gate = new();
    private readonly Dictionary<Guid, Attempts> _byId = [];
    private readonly Queue<Attempts> _oldestFirst = new();

    /// <summary>
    /// The attempts to buy <paramref name="purchase"/>, whose id is that of its user and key: those before, or the first.
    /// Null when another purchase was asked for under that key.
    /// </summary>
    public Attempts? Find(Purchase purchase)
    {
        var attempts = new Attempts(purchase, time.GetTimestamp());
        lock (_gate)
        {
            while (_oldestFirst.TryPeek(out var oldest) && time.GetElapsedTime(oldest.Since) >= RememberedFor)
            {
                ForgetOldest();
            }

            if (_byId.TryGetValue(purchase.Id, out var known))
            {
                return known.AreFor(attempts) ? known : null;
            }

            if (_byId.Count == Capacity)
            {
                ForgetOldest();
            }

            _byId.Add(purchase.Id, attempts);
            _oldestFirst.Enqueue(attempts);
            return attempts;
        }
    }

    private void ForgetOldest() => _byId.Remove(_oldestFirst.Dequeue().Id);
}

/// <summary>The attempts to make one purchase durable. Of the purchase, no more is kept than tells it from another.</summary>
internal sealed class Attempts(Purchase first, long since)
{
    // Neither name nor item has control characters.
    private readonly UInt128 _nameAndItem = BitConverter.ToUInt128(SHA256.HashData(Encoding.UTF8.GetBytes($"{first.Username}\0{first.Item}")));
    private readonly Lock _gate = new();

    // Null when none is under way and none has succeeded.
    private Task? _append;

    /// <summary>The id of the purchase.</summary>
    public Guid Id { get; } = first.Id;

    /// <summary>When the first attempt began, as <see cref="TimeProvider.GetTimestamp"/> counts.</summary>
    public long Since => since;

    private decimal Price { get; } = first.Price;

    private DateTimeOffset Timestamp { get; } = first.Timestamp;

    /// <summary>Whether <paramref name="others"/>, under the same id, are for the same purchase.</summary>
    public bool AreFor(Attempts others) => Price == others.Price && _nameAndItem == others._nameAndItem;

    /// <summary>
    /// Appends <paramref name="purchase"/> as the first attempt had it, unless an attempt made it durable or is about to: who asks
    /// again meanwhile gets the outcome of that one, and after one that failed the next attempt appends again.
    /// </summary>
    public Sale Append(Purchase purchase, IPurchaseLog log)
    {
        var asFirst = purchase with { Price = Price, Timestamp = Timestamp };
        lock (_gate)
        {
            if (_append is not null)
            {
                return new Sale(asFirst, new ValueTask(_append), IsRepeated: true);
            }

            var append = AppendAsync(asFirst, log);
            _append = append.IsCompleted ? _append : append;
            return new Sale(asFirst, new ValueTask(append), IsRepeated: false);
        }
    }

    // What took long is not kept for as long as the key: neither what the append worked with, nor why it failed.
    private async Task AppendAsync(Purchase purchase, IPurchaseLog log)
    {
        Task? outcome = null;
        try
        {
            await log.AppendAsync(purchase, CancellationToken.None);
            outcome = Task.CompletedTask;
        }
        finally
        {
            lock (_gate)
            {
                _append = outcome;
            }
        }
    }
}
