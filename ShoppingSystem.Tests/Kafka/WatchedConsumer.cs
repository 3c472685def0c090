using System.Collections.Concurrent;
using System.Reflection;
using Confluent.Kafka;

namespace ShoppingSystem.Tests.Kafka;

/// <summary>Builds real consumers that are watched, leave the group and commit only when they are let, and hand out events twice.</summary>
internal sealed class WatchedConsumers(ConsumerConfig config) : ConsumerBuilder<string, byte[]>(config), IDisposable
{
    private readonly ConcurrentQueue<Watched> _built = new();

    /// <summary>While it is not set, leaving the group hangs.</summary>
    public ManualResetEventSlim MayLeave { get; } = new(initialState: true);

    /// <summary>While it is not set, commits hang.</summary>
    public ManualResetEventSlim MayCommit { get; } = new(initialState: true);

    /// <summary>Whether each event is handed out twice, as librdkafka does with one that a rebalance meets on its way to the application.</summary>
    public bool HandsOutTwice { get; init; }

    /// <summary>How many are just leaving the group.</summary>
    public int Leaving => _built.Count(consumer => consumer.IsLeaving);

    /// <summary>How many were freed while a thread was in them.</summary>
    public int FreedInUse => _built.Count(consumer => consumer.WasFreedInUse);

    public override IConsumer<string, byte[]> Build()
    {
        var proxy = DispatchProxy.Create<IConsumer<string, byte[]>, Watched>();
        var watched = (Watched)(object)proxy;
        watched.Consumer = base.Build();
        watched.Owner = this;
        _built.Enqueue(watched);
        return proxy;
    }

    public void Dispose()
    {
        MayLeave.Dispose();
        MayCommit.Dispose();
    }

#pragma warning disable CA1852 // A dispatch proxy is derived from at run time.
    private class Watched : DispatchProxy
    {
        private int _callers;
        private object? _again;

        public IConsumer<string, byte[]> Consumer { get; set; } = null!;

        public WatchedConsumers Owner { get; set; } = null!;

        public bool IsLeaving { get; private set; }

        public bool WasFreedInUse { get; private set; }

        protected override object? Invoke(MethodInfo? targetMethod, object?[]? args)
        {
            if (targetMethod!.Name is nameof(IDisposable.Dispose) && Volatile.Read(ref _callers) > 0)
            {
                // Were it real, this process would be at the mercy of the heap.
                WasFreedInUse = true;
                return null;
            }

            Interlocked.Increment(ref _callers);
            try
            {
                if (targetMethod.Name is nameof(IConsumer<,>.Close))
                {
                    IsLeaving = true;
                    Owner.MayLeave.Wait();
                }
                else if (targetMethod.Name is nameof(IConsumer<,>.Commit))
                {
                    Owner.MayCommit.Wait();
                }
                else if (targetMethod.Name is nameof(IConsumer<,>.Consume) && Owner.HandsOutTwice)
                {
                    var result = _again ?? targetMethod.Invoke(Consumer, args);
                    _again = _again is null && result is ConsumeResult<string, byte[]> { IsPartitionEOF: false } ? result : null;
                    return result;
                }

                return targetMethod.Invoke(Consumer, args);
            }
            catch (TargetInvocationException e)
            {
                System.Runtime.ExceptionServices.ExceptionDispatchInfo.Throw(e.InnerException!);
                throw;
            }
            finally
            {
                IsLeaving = false;
                Interlocked.Decrement(ref _callers);
            }
        }
    }
#pragma warning restore CA1852
}
