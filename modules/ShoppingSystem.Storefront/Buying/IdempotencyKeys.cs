using System.Security.Cryptography;
using System.Text;
using ShoppingSystem.Purchases;

namespace ShoppingSystem.Storefront;

/// <summary>
/// The recent purchases with an <c>Idempotency-Key</c>, by user and key: a retry gets the answer of the first attempt, and a
/// different purchase under the same key is refused. This is the memory of one process: it does not know requests to other web
/// servers, older ones, and those beyond its capacity. For these, the id, which is derived from user and key, still keeps the
/// record correct.
/// </summary>
internal sealed class IdempotencyKeys(TimeProvider time)
{
    /// <summary>The most keys that are kept, at some 200 bytes each; beyond that, the oldest are removed.</summary>
    public const int Capacity = 50_000;

    /// <summary>How long a key is kept after its first use.</summary>
    public static readonly TimeSpan RememberedFor = TimeSpan.FromMinutes(5);

    private readonly Lock _gate = new();
    private readonly Dictionary<Guid, Attempts> _byId = [];
    private readonly Queue<Attempts> _oldestFirst = new();

    /// <summary>
    /// The attempts to buy <paramref name="purchase"/>, whose id is derived from its user and key: the earlier attempts, or a
    /// new object for the first. Null when the same key was used for a different purchase.
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

/// <summary>The attempts to make one purchase durable. Keeps only what is needed to tell the purchase from a different one.</summary>
internal sealed class Attempts(Purchase first, long since)
{
    // \0 is a safe separator: neither the name nor the item has control characters.
    private readonly UInt128 _nameAndItem = BitConverter.ToUInt128(SHA256.HashData(Encoding.UTF8.GetBytes($"{first.Username}\0{first.Item}")));
    private readonly Lock _gate = new();

    // Null while no attempt is running and none has succeeded.
    private Task? _append;

    /// <summary>The id of the purchase.</summary>
    public Guid Id { get; } = first.Id;

    /// <summary>When the first attempt began, as <see cref="TimeProvider.GetTimestamp"/> counts.</summary>
    public long Since => since;

    private decimal Price { get; } = first.Price;

    private DateTimeOffset Timestamp { get; } = first.Timestamp;

    /// <summary>Whether <paramref name="others"/>, which have the same id, are for the same purchase.</summary>
    public bool AreFor(Attempts others) => Price == others.Price && _nameAndItem == others._nameAndItem;

    /// <summary>
    /// Appends <paramref name="purchase"/> with the values of the first attempt, unless an attempt has succeeded or is running:
    /// then the caller gets the outcome of that attempt. After a failed attempt, the next one appends again.
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

    // Keeps only the outcome for the lifetime of the key, not the state of the append or its exception, which would hold memory.
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
