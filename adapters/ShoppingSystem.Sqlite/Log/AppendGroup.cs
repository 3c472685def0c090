using System.Buffers;
using System.Diagnostics;
using System.Text;
using ShoppingSystem.Purchases;

namespace ShoppingSystem.Sqlite;

/// <summary>Purchases that become durable together.</summary>
/// <param name="buffer">Where their events are written, empty.</param>
internal sealed class AppendGroup(ArrayBufferWriter<byte> buffer)
{
    private readonly TaskCompletionSource _durable = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly long _opened = Stopwatch.GetTimestamp();
    private StringBuilder? _traces;

    public int Count { get; private set; }

    /// <summary>JSON, one event a line.</summary>
    public ArrayBufferWriter<byte> Events => buffer;

    /// <summary>The traceparents, one a line, empty for an event without one; null when there is none.</summary>
    public string? Traces => _traces?.ToString();

    public Task Durable => _durable.Task;

    public TimeSpan Age => Stopwatch.GetElapsedTime(_opened);

    /// <returns>The bytes that it took.</returns>
    public int Add(Purchase purchase, string? traceParent)
    {
        var before = buffer.WrittenCount;
        PurchaseEvent.Write(buffer, purchase);
        buffer.Write("\n"u8);
        if (traceParent is not null && _traces is null)
        {
            _traces = new StringBuilder().Append('\n', Count);
        }

        _traces?.Append(traceParent).Append('\n');
        Count++;
        return buffer.WrittenCount - before;
    }

    public void Complete() => _durable.TrySetResult();

    public void Fail(PurchaseLogUnavailableException reason) => _durable.TrySetException(reason);
}
