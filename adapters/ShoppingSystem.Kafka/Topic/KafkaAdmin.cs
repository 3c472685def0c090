using Confluent.Kafka;
using Microsoft.Extensions.Configuration;

namespace ShoppingSystem.Kafka;

/// <summary>
/// Sends administrative requests over the connections of a client that appends or reads, so that they need none of their own.
/// </summary>
internal sealed class KafkaAdmin(IConfiguration configuration) : IDisposable
{
    /// <summary>How long one request may take.</summary>
    public static readonly TimeSpan RequestTimeout = TimeSpan.FromSeconds(2);

    private readonly string _brokers = KafkaConnection.Brokers(configuration);
    private readonly Lock _inUse = new();
    private IClient? _client;
    private IAdminClient? _admin;

    /// <summary>Creates the admin client that uses the connections of another client.</summary>
    public Func<IClient, IAdminClient> NewAdminClient { get; init; } = client => new DependentAdminClientBuilder(client.Handle).Build();

    /// <summary>Sends requests through <paramref name="client"/> from now on, unless another client can be used.</summary>
    public void Attach(IClient client)
    {
        lock (_inUse)
        {
            if (_client is null)
            {
                (_client, _admin) = (client, NewAdminClient(client));
            }
        }
    }

    /// <summary>Must be called before <paramref name="client"/> is closed.</summary>
    public void Detach(IClient client)
    {
        lock (_inUse)
        {
            if (_client == client)
            {
                _admin!.Dispose();
                (_client, _admin) = (null, null);
            }
        }
    }

    /// <summary>Gives the client the configured brokers again. One that has not forgotten them ignores it.</summary>
    public void AddBrokers()
    {
        lock (_inUse)
        {
            _admin?.AddBrokers(_brokers);
        }
    }

    /// <summary>Sends a request that blocks until the brokers answer, on a thread of its own; meanwhile the client can't be detached and closed.</summary>
    /// <exception cref="KafkaException">No client is attached, or the request has failed.</exception>
    public Task<T> AskAsync<T>(Func<IAdminClient, T> ask) => Task.Factory.StartNew(
        () =>
        {
            lock (_inUse)
            {
                return ask(_admin ?? throw new KafkaException(new Error(ErrorCode.Local_State, "no client is connected")));
            }
        },
        CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);

    public void Dispose()
    {
        if (_client is { } client)
        {
            Detach(client);
        }
    }
}
