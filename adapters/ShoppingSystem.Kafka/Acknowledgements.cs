namespace ShoppingSystem.Kafka;

/// <summary>
/// Passes decided appends on to who waits for them, on the pool's threads, a few on each: one at a time, waking a thread for
/// it costs more than the reply.
/// </summary>
internal sealed class Acknowledgements
{
    private const int Share = 8;

    private List<Append> _decided = new(Share);

    public void Add(Append append)
    {
        _decided.Add(append);
        if (_decided.Count == Share)
        {
            PassOn();
        }
    }

    public void PassOn()
    {
        if (_decided.Count > 0)
        {
            ThreadPool.UnsafeQueueUserWorkItem(static decided => decided.ForEach(append => append.PassOn()), _decided, preferLocal: false);
            _decided = new(Share);
        }
    }
}
