using Confluent.Kafka;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using ShoppingSystem.Kafka;

namespace ShoppingSystem.Tests.Kafka;

/// <summary>What looks after the topic, over an admin client that a test answers for.</summary>
internal sealed class TopicUnderTest : IDisposable
{
    public TopicUnderTest(IAdminClient client, KafkaOptions? options = null, string brokers = "localhost:9092", ILoggerFactory? loggers = null)
    {
        Options = Microsoft.Extensions.Options.Options.Create(options ?? new KafkaOptions());
        loggers ??= NullLoggerFactory.Instance;
        var configuration = new ConfigurationManager { ["ConnectionStrings:kafka"] = brokers };
        var errors = new ClientErrors(configuration, loggers);
        Admin = new KafkaAdmin(configuration) { NewAdminClient = _ => client };
        Observer = new TopicObserver(Admin, Options, errors);
        Operations = new AuthorizedOperations(Admin, Options);
        Watch = new TopicWatch(Admin, Observer, new TopicCreation(Admin, Observer, Options, errors, loggers.CreateLogger<TopicCreation>()));
        Admin.Attach(client);
    }

    public IOptions<KafkaOptions> Options { get; }

    public KafkaAdmin Admin { get; }

    public TopicObserver Observer { get; }

    public AuthorizedOperations Operations { get; }

    public TopicWatch Watch { get; }

    public void Dispose()
    {
        Watch.Dispose();
        Admin.Dispose();
    }
}
