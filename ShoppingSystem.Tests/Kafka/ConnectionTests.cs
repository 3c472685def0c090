using Confluent.Kafka;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using ShoppingSystem.Kafka;
using ShoppingSystem.MockKafka;
using ShoppingSystem.Purchases;
using ShoppingSystem.Tests.Support;

namespace ShoppingSystem.Tests.Kafka;

/// <summary>TLS and SASL: what is configured reaches every client, what can't be right stops the start.</summary>
public sealed class ConnectionTests
{
    private static readonly TimeSpan Timeout = TimeSpan.FromMinutes(1);

    // A file that is there, and holds neither certificates nor a key.
    private static readonly string NoPem = typeof(ConnectionTests).Assembly.Location;

    [Fact]
    public async Task Purchases_are_appended_and_read_and_brokers_are_watched_over_TLS()
    {
        using var cluster = new MockCluster();
        cluster.CreateTopic("purchases", 3);
        await using var tls = new TlsFront(cluster);
        await using var host = await KafkaHost.StartAsync(cluster, settings: [
            ("ConnectionStrings:kafka", tls.BootstrapServers), ("Kafka:SecurityProtocol", "Ssl"), ("Kafka:SslCaLocation", tls.AuthorityFile),
            ("Shopping:AppendDeadline", "00:01:00")]);
        var purchase = Some.Purchase();

        await host.Log.AppendAsync(purchase);

        using var timeout = new CancellationTokenSource(Timeout);
        await foreach (var batch in host.Feed.ReadAsync(timeout.Token))
        {
            Assert.Contains(purchase.Id.ToString(), System.Text.Encoding.UTF8.GetString(batch.Events[0].Value.Span), StringComparison.Ordinal);
            break;
        }

        Assert.Equal(HealthStatus.Healthy, (await HealthAsync(host)).Status);
        Assert.True(tls.Connections > 1, $"{tls.Connections} connections were encrypted");
    }

    [Theory]
    [InlineData(true, "localhost")]
    [InlineData(false, "kafka.example")]
    public async Task Brokers_that_can_not_prove_who_they_are_get_no_purchase(bool anotherAuthority, string certifiedHost)
    {
        using var cluster = new MockCluster();
        cluster.CreateTopic("purchases", 3);
        await using var tls = new TlsFront(cluster, certifiedHost);
        await using var host = await KafkaHost.StartAsync(cluster, feed: false, settings: [
            ("ConnectionStrings:kafka", tls.BootstrapServers), ("Kafka:SecurityProtocol", "Ssl"),
            ("Kafka:SslCaLocation", anotherAuthority ? tls.AnotherAuthorityFile : tls.AuthorityFile), ("Shopping:AppendDeadline", "00:00:01")]);

        await Assert.ThrowsAsync<PurchaseLogUnavailableException>(async () => await host.Log.AppendAsync(Some.Purchase()));
        await SaysAsync(host, "is not trusted, or is for another name", "Kafka:SslCaLocation");
    }

    [Theory]
    [InlineData("SSL", "does not answer in TLS, and Kafka:SecurityProtocol is Ssl")]
    [InlineData("PLAINTEXT", "does it want TLS or SASL? Kafka:SecurityProtocol is Plaintext")]
    public async Task Brokers_that_speak_another_protocol_are_suspected_of_it_by_either_client(string protocol, string suspicion)
    {
        await using var broker = new ClosingBroker();
        using var cluster = new MockCluster();
        (string, string)[] settings = [("ConnectionStrings:kafka", broker.BootstrapServers), ("Kafka:SecurityProtocol", protocol)];

        await using (var producing = await KafkaHost.StartAsync(cluster, feed: false, settings: settings))
        {
            await SaysAsync(producing, $"{broker.BootstrapServers} ", suspicion);
        }

        await using var consuming = await KafkaHost.StartAsync(cluster, log: false, settings: settings);
        await using var reading = consuming.Feed.ReadAsync().GetAsyncEnumerator();
        var next = reading.MoveNextAsync();

        await SaysAsync(consuming, $"{broker.BootstrapServers} ", suspicion);
        Assert.False(next.IsCompleted);
    }

    [Fact]
    public async Task A_user_refused_by_the_brokers_is_named_without_the_password()
    {
        await using var broker = new RefusingBroker();
        using var cluster = new MockCluster();
        await using var host = await KafkaHost.StartAsync(cluster, feed: false, settings: [
            ("ConnectionStrings:kafka", broker.BootstrapServers), ("Kafka:SecurityProtocol", "SASL_PLAINTEXT"), ("Kafka:SaslMechanism", "PLAIN"),
            ("Kafka:SaslUsername", "ada"), ("Kafka:SaslPassword", "hush-hush")]);

        await SaysAsync(host, $"{broker.BootstrapServers} refuses user ada", "Kafka:SaslPassword");
        Assert.DoesNotContain(host.Warnings, warning => warning.Contains("hush-hush", StringComparison.Ordinal));
    }

    [Fact]
    public void A_lasting_problem_is_logged_once_a_minute()
    {
        using var warnings = new Warnings();
        using var loggers = LoggerFactory.Create(logging => logging.AddProvider(warnings));
        var errors = new ClientErrors(Configuration(), loggers);

        for (var i = 1; i <= 3; i++)
        {
            errors.Note(new Error(ErrorCode.Local_Transport, $"b1:9092/bootstrap: Connect to ipv4#10.0.0.1:9092 failed: Connection refused (after {i}ms in state CONNECT)"));
            errors.Note(new Error(ErrorCode.Local_AllBrokersDown, "1/1 brokers are down"));
            errors.Forward(new LogMessage("shop", SyslogLevel.Error, "FAIL", "[thrd:b1:9092/bootstrap]: the same in the client's words"));
            errors.Forward(new LogMessage("shop", SyslogLevel.Warning, "REQTMOUT", $"Timed out {i} in-flight requests\nand more"));
        }

        string[] expected = ["The Kafka client has trouble: nothing listens at b1:9092", "Timed out 1 in-flight requests and more"];
        Assert.Equal(expected, warnings);
        Assert.Equal("nothing listens at b1:9092", errors.Reason);
        errors.Forget();
        Assert.Null(errors.Reason);
    }

    [Fact]
    public void Client_settings_reach_producer_and_consumer()
    {
        var configuration = Configuration(
            ("Kafka:SecurityProtocol", "SaslSsl"), ("Kafka:SaslMechanism", "ScramSha512"), ("Kafka:SaslUsername", "shop"),
            ("Kafka:SaslPassword", "p4ss;word=,"), ("Kafka:SslCaLocation", "probe"), ("Kafka:SocketTimeoutMs", "1234"));

        foreach (var config in (ClientConfig[])[new ProducerConfig().ForPurchases(configuration), new ConsumerConfig().ForPurchases(configuration)])
        {
            Assert.Equal(SecurityProtocol.SaslSsl, config.SecurityProtocol);
            Assert.Equal(SaslMechanism.ScramSha512, config.SaslMechanism);
            Assert.Equal("shop", config.SaslUsername);
            Assert.Equal("p4ss;word=,", config.SaslPassword);
            Assert.Equal("probe", config.SslCaLocation);
            Assert.Equal(1234, config.SocketTimeoutMs);
        }
    }

    [Theory]
    [InlineData("Plain")]
    [InlineData("ScramSha256")]
    [InlineData("ScramSha512")]
    public void The_native_client_supports_PLAIN_and_SCRAM_over_TLS(string mechanism)
    {
        var configuration = Configuration(
            ("ConnectionStrings:kafka", "127.0.0.1:1"), ("Kafka:SecurityProtocol", "SaslSsl"), ("Kafka:SaslMechanism", mechanism),
            ("Kafka:SaslUsername", "shop"), ("Kafka:SaslPassword", "password"));

        using var producer = new ProducerBuilder<string, byte[]>(new ProducerConfig().ForPurchases(configuration)).SetLogHandler((_, _) => { }).Build();
        using var consumer = new ConsumerBuilder<string, byte[]>(new ConsumerConfig().ForPurchases(configuration)).SetLogHandler((_, _) => { }).Build();
        using var admin = new DependentAdminClientBuilder(producer.Handle).Build();
    }

    [Theory]
    [InlineData("SASL_SSL", "SCRAM-SHA-512")]
    [InlineData("sasl_ssl", "scram-sha-512")]
    [InlineData("SaslSsl", "ScramSha512")]
    public void Settings_are_accepted_in_the_spelling_of_Kafka_and_in_that_of_NET(string protocol, string mechanism)
    {
        var configuration = Configuration(
            ("Kafka:SecurityProtocol", protocol), ("Kafka:SaslMechanism", mechanism), ("Kafka:SaslUsername", "shop"), ("Kafka:SaslPassword", "p"));

        var config = new ProducerConfig().ForPurchases(configuration);

        Assert.Equal(SecurityProtocol.SaslSsl, config.SecurityProtocol);
        Assert.Equal(SaslMechanism.ScramSha512, config.SaslMechanism);
    }

    [Fact]
    public void A_setting_of_one_client_only_is_used_by_it_and_ignored_by_the_other()
    {
        var configuration = Configuration(
            ("Kafka:CompressionType", "zstd"), ("Kafka:LingerMs", "7.5"), ("Kafka:Partitioner", "murmur2_random"),
            ("Kafka:GroupInstanceId", "recorder-1"), ("Kafka:SessionTimeoutMs", "9000"), ("Kafka:FetchMinBytes", "100"));

        var producer = new ProducerConfig().ForPurchases(configuration);
        var consumer = new ConsumerConfig().ForPurchases(configuration);

        Assert.Equal(CompressionType.Zstd, producer.CompressionType);
        Assert.Equal(7.5, producer.LingerMs);
        Assert.Equal(Partitioner.Murmur2Random, producer.Partitioner);
        Assert.Equal("recorder-1", consumer.GroupInstanceId);
        Assert.Equal(9000, consumer.SessionTimeoutMs);
        Assert.Equal(100, consumer.FetchMinBytes);
        Assert.DoesNotContain(producer, setting => setting.Key is "group.instance.id");
        Assert.DoesNotContain(consumer, setting => setting.Key is "compression.type");
    }

    [Fact]
    public void The_consumer_group_protocol_can_be_configured()
    {
        var config = new ConsumerConfig().ForPurchases(Configuration(("Kafka:GroupProtocol", "consumer"), ("ConnectionStrings:kafka", "127.0.0.1:1")));

        using var consumer = new ConsumerBuilder<string, byte[]>(config).SetLogHandler((_, _) => { }).Build();
        Assert.Equal(GroupProtocol.Consumer, config.GroupProtocol);
    }

    [Theory]
    [InlineData("Kafka:SessionTimeoutMs", "9000")]
    [InlineData("Kafka:HeartbeatIntervalMs", "500")]
    [InlineData("Kafka:PartitionAssignmentStrategy", "cooperative-sticky")]
    public void A_setting_that_the_brokers_decide_in_the_newer_protocol_is_refused(string key, string value) => Assert.StartsWith(
        key, Assert.Throws<OptionsValidationException>(
            () => new ConsumerConfig().ForPurchases(Configuration(("Kafka:GroupProtocol", "consumer"), (key, value)))).Message, StringComparison.Ordinal);

    [Theory]
    [InlineData("Kafka:Acks", "1")]
    [InlineData("Kafka:Acks", "Leader")]
    [InlineData("Kafka:Acks", "some")]
    [InlineData("Kafka:EnableIdempotence", "false")]
    [InlineData("Kafka:EnableDeliveryReports", "false")]
    [InlineData("Kafka:EnableGaplessGuarantee", "true")]
    [InlineData("Kafka:TransactionalId", "shop")]
    [InlineData("Kafka:MessageTimeoutMs", "1000")]
    [InlineData("Kafka:QueueBufferingMaxMessages", "10")]
    [InlineData("Kafka:Partitioner", "random")]
    [InlineData("Kafka:AllowAutoCreateTopics", "true")]
    [InlineData("Kafka:BootstrapServers", "elsewhere:9092")]
    [InlineData("Kafka:GroupId", "another")]
    [InlineData("Kafka:EnableAutoCommit", "true")]
    [InlineData("Kafka:EnableAutoOffsetStore", "true")]
    [InlineData("Kafka:AutoOffsetReset", "latest")]
    [InlineData("Kafka:EnablePartitionEof", "false")]
    [InlineData("Kafka:PartitionAssignmentStrategy", "range")]
    [InlineData("Kafka:IsolationLevel", "read_uncommitted")]
    [InlineData("Kafka:ConsumeResultFields", "none")]
    public void A_setting_that_weakens_durability_is_refused_by_both_services_with_the_reason(string key, string value)
    {
        var configuration = Configuration((key, value));

        foreach (var configure in Clients(configuration))
        {
            Assert.Matches($"^{key} can't be .+: .{{20,}}\\.$", Assert.Throws<OptionsValidationException>(configure).Message);
        }
    }

    [Fact]
    public void A_durability_setting_may_repeat_the_required_value()
    {
        var configuration = Configuration(("Kafka:Acks", "all"), ("Kafka:EnableIdempotence", "true"), ("Kafka:AutoOffsetReset", "earliest"));

        Assert.All(Clients(configuration), configure => configure());
    }

    [Theory]
    [InlineData("Kafka:SocketTimeoutMs", "1")]
    [InlineData("Kafka:SocketTimeoutMs", "soon")]
    [InlineData("Kafka:SocketTimeoutMs", "99999999999")]
    [InlineData("Kafka:MessageMaxBytes", "600")]
    [InlineData("Kafka:ReconnectBackoffMaxMs", "-5")]
    [InlineData("Kafka:Debug", "nonsense")]
    [InlineData("Kafka:SocketKeepaliveEnable", "perhaps")]
    public void An_invalid_client_setting_is_reported_in_one_line_that_names_it(string key, string value)
    {
        var configuration = Configuration((key, value));

        foreach (var configure in Clients(configuration))
        {
            var message = Assert.Throws<OptionsValidationException>(configure).Message;
            Assert.StartsWith(key, message, StringComparison.Ordinal);
            Assert.DoesNotContain('\n', message);
        }
    }

    [Theory]
    [InlineData("Kafka:LingerMs", "-1")]
    [InlineData("Kafka:MaxInFlight", "1000")]
    [InlineData("Kafka:MessageSendMaxRetries", "0")]
    [InlineData("Kafka:CompressionType", "rar")]
    public void An_invalid_producer_setting_is_reported_in_one_line_that_names_it(string key, string value) => Assert.StartsWith(
        key, Assert.Throws<OptionsValidationException>(() => new ProducerConfig().ForPurchases(Configuration((key, value)))).Message, StringComparison.Ordinal);

    [Theory]
    [InlineData("Kafka:FetchMinBytes", "0")]
    [InlineData("Kafka:SessionTimeoutMs", "400000")]
    [InlineData("Kafka:GroupProtocol", "newest")]
    public void An_invalid_consumer_setting_is_reported_in_one_line_that_names_it(string key, string value) => Assert.StartsWith(
        key, Assert.Throws<OptionsValidationException>(() => new ConsumerConfig().ForPurchases(Configuration((key, value)))).Message, StringComparison.Ordinal);

    [Fact]
    public void An_invalid_enumerated_setting_is_refused_with_the_valid_values() => Assert.Equal(
        "Kafka:SaslMechanism is none of Gssapi, Plain, ScramSha256 (SCRAM-SHA-256), ScramSha512 (SCRAM-SHA-512), OAuthBearer.",
        Assert.Throws<OptionsValidationException>(() => new ProducerConfig().ForPurchases(Configuration(("Kafka:SaslMechanism", "SCRAM-SHA-1")))).Message);

    [Theory]
    [InlineData("kafka://broker:9092")]
    [InlineData("SASL_SSL://broker:9092")]
    [InlineData("broker:99999")]
    [InlineData("broker:0")]
    [InlineData("broker:port")]
    [InlineData("broker:9092/path")]
    [InlineData("broker")]
    [InlineData("[::1]")]
    [InlineData("::1:9092")]
    [InlineData(":9092")]
    [InlineData("broker:9092,")]
    [InlineData("broker:9092,,broker:9093")]
    [InlineData("broker:9092;broker:9093")]
    [InlineData("shop:hush-hush@broker:9092")]
    public void Invalid_broker_addresses_are_refused(string brokers)
    {
        foreach (var configure in Clients(Configuration(("ConnectionStrings:kafka", brokers))))
        {
            var message = Assert.Throws<OptionsValidationException>(configure).Message;
            Assert.StartsWith("ConnectionStrings:kafka: ", message, StringComparison.Ordinal);
            Assert.DoesNotContain("hush-hush", message);
        }
    }

    [Theory]
    [InlineData("broker:9092")]
    [InlineData("kafka_1.example.com:9092, 10.0.0.1:65535,[::1]:9092")]
    public void Every_notation_of_broker_addresses_is_accepted(string brokers) =>
        Assert.All(Clients(Configuration(("ConnectionStrings:kafka", brokers))), configure => configure());

    [Fact]
    public void Durability_settings_override_earlier_values()
    {
        var configuration = Configuration();

        var producer = new ProducerConfig { Acks = Acks.Leader, EnableIdempotence = false, AllowAutoCreateTopics = true }.ForPurchases(configuration);
        var consumer = new ConsumerConfig { EnableAutoCommit = true }.ForPurchases(configuration);

        Assert.Equal(Acks.All, producer.Acks);
        Assert.True(producer.EnableIdempotence);
        Assert.False(producer.AllowAutoCreateTopics);
        Assert.False(consumer.EnableAutoCommit);
    }

    [Theory]
    [InlineData("Kafka:SaslMechanism is missing", "Kafka:SecurityProtocol=SaslSsl", "Kafka:SaslUsername=shop", "Kafka:SaslPassword=hush-hush")]
    [InlineData("Kafka:SaslUsername is missing", "Kafka:SecurityProtocol=SaslSsl", "Kafka:SaslMechanism=ScramSha256", "Kafka:SaslPassword=hush-hush")]
    [InlineData("Kafka:SaslPassword is missing", "Kafka:SecurityProtocol=SaslPlaintext", "Kafka:SaslMechanism=Plain", "Kafka:SaslUsername=shop")]
    [InlineData("Kafka:SaslUsername is set", "Kafka:SaslUsername=shop")]
    [InlineData("Kafka:SaslPassword is set", "Kafka:SecurityProtocol=Ssl", "Kafka:SaslPassword=hush-hush")]
    [InlineData("Kafka:SaslMechanism is set", "Kafka:SecurityProtocol=Plaintext", "Kafka:SaslMechanism=Plain")]
    [InlineData("Kafka:SslCaLocation is set", "Kafka:SslCaLocation=/dev/null")]
    [InlineData("Kafka:SslCaLocation: there is no file", "Kafka:SecurityProtocol=Ssl", "Kafka:SslCaLocation=/no/such/file.pem")]
    [InlineData("Kafka:SslCaLocation: ", "Kafka:SecurityProtocol=Ssl", "Kafka:SslCaLocation=NO-PEM")]
    [InlineData("Kafka:SslCertificateLocation: ", "Kafka:SecurityProtocol=Ssl", "Kafka:SslCertificateLocation=NO-PEM")]
    [InlineData("Kafka:SslKeyLocation: ", "Kafka:SecurityProtocol=Ssl", "Kafka:SslKeyLocation=NO-PEM", "Kafka:SslKeyPassword=hush-hush")]
    [InlineData("Kafka:SslKeystoreLocation: ", "Kafka:SecurityProtocol=Ssl", "Kafka:SslKeystoreLocation=NO-PEM", "Kafka:SslKeystorePassword=hush-hush")]
    [InlineData("Kafka:SslCrlLocation: ", "Kafka:SecurityProtocol=Ssl", "Kafka:SslCrlLocation=NO-PEM")]
    [InlineData("Kafka:SslCaPem: ", "Kafka:SecurityProtocol=Ssl", "Kafka:SslCaPem=hush-hush")]
    [InlineData("Kafka:SslKeyPem: ", "Kafka:SecurityProtocol=Ssl", "Kafka:SslKeyPem=hush-hush")]
    [InlineData("Kafka:SslCipherSuites: ", "Kafka:SecurityProtocol=Ssl", "Kafka:SslCipherSuites=none-of-them")]
    [InlineData("Kafka:SecurityProtocol", "Kafka:SecurityProtocol=Tls")]
    [InlineData("Kafka:SaslPasword is not a setting", "Kafka:SaslPasword=hush-hush")]
    public void An_invalid_Kafka_setting_is_refused_and_named(string complaint, params string[] settings)
    {
        var configuration = Configuration([.. settings.Select(setting => setting.Replace("NO-PEM", NoPem, StringComparison.Ordinal).Split('=')).Select(parts => (parts[0], parts[1]))]);

        foreach (var configure in Clients(configuration))
        {
            var refusal = Assert.Throws<OptionsValidationException>(configure);
            Assert.Contains(complaint, refusal.Message);
            Assert.DoesNotContain("hush-hush", refusal.ToString());
        }
    }

    private static IConfiguration Configuration(params (string Key, string Value)[] settings) =>
        new ConfigurationBuilder().AddInMemoryCollection(settings.Select(setting => new KeyValuePair<string, string?>(setting.Key, setting.Value))).Build();

    private static Action[] Clients(IConfiguration configuration) =>
        [() => new ProducerConfig().ForPurchases(configuration), () => new ConsumerConfig().ForPurchases(configuration)];

    // Readiness and the log, in one line each.
    private static async Task SaysAsync(KafkaHost host, params string[] words)
    {
        string? said = null;
        await Eventually.TrueAsync(
            async () =>
            {
                said = (await HealthAsync(host)).Entries["kafka"].Description;
                return said is not null && words.All(word => said.Contains(word, StringComparison.Ordinal));
            },
            () => $"readiness says why, not \"{said}\"");
        Assert.DoesNotContain('\n', said!);
        await Eventually.TrueAsync(
            () => host.Warnings.Any(warning => words.All(word => warning.Contains(word, StringComparison.Ordinal)) && !warning.Contains('\n')), "the log says why");
    }

    private static Task<HealthReport> HealthAsync(KafkaHost host) => host.Services.GetRequiredService<HealthCheckService>().CheckHealthAsync();
}
