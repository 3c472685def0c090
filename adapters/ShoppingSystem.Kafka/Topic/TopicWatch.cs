namespace ShoppingSystem.Kafka;

/// <summary>
/// Has the topic created while the host starts, without delaying it; then looks from time to time whether the topic was deleted, or the
/// client has lost the brokers, and repairs that.
/// </summary>
internal sealed class TopicWatch : IDisposable
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(5);

    private readonly KafkaAdmin _admin;
    private readonly TopicObserver _observer;
    private readonly TopicCreation _creation;
    private readonly CancellationTokenSource _disposed = new();
    private readonly Lazy<Task> _ensured;

    public TopicWatch(KafkaAdmin admin, TopicObserver observer, TopicCreation creation)
    {
        (_admin, _observer, _creation) = (admin, observer, creation);
        _ensured = new Lazy<Task>(Start);
    }

    /// <summary>
    /// Completes when the topic exists or this process won't create it. Never fails; waits while no broker answers. The watch starts when
    /// this is first asked for.
    /// </summary>
    public Task EnsureTopicAsync() => _ensured.Value;

    public void Dispose()
    {
        _disposed.Cancel();
        _disposed.Dispose();
    }

    private Task Start()
    {
        var disposed = _disposed.Token;
        var ensured = Task.Run(() => _creation.EnsureAsync(disposed), CancellationToken.None);
        _ = WatchAsync(ensured, disposed);
        return ensured;
    }

    // A broker that has just started may answer that there are no brokers. The client believes it, forgets the brokers that it
    // knew, and sends no more requests (librdkafka's issue 5301). Given the first brokers again, it finds the others.
    private async Task WatchAsync(Task creation, CancellationToken disposed)
    {
        while (true)
        {
            await Task.Delay(Interval, disposed).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (disposed.IsCancellationRequested)
            {
                return;
            }

            var state = await _observer.ObserveAsync();
            if (state.IsUnanswered)
            {
                _admin.AddBrokers();
            }
            else if (state.IsMissing && creation.IsCompleted)
            {
                // The topic was deleted. Not awaited: if the brokers go away meanwhile, the client must be able to find them again.
                creation = _creation.EnsureAsync(disposed);
            }
        }
    }
}
