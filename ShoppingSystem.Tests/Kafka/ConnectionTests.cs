using Confluent.Kafka;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Options;
using ShoppingSystem.Kafka;
using ShoppingSystem.MockKafka;
using ShoppingSystem.Purchases;
using ShoppingSystem.Tests.Support;

namespace ShoppingSystem.Tests.Kafka;

/// <summary>TLS and SASL: what is configured reaches every client, what can't be right stops the start.</summary>
public sealed class ConnectionTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(1);

    // A file that is there, and holds neither certificates nor a key.
    private static readonly string NoPem = typeof(ConnectionTests).Assembly.Location;

    [Fact]
    public async Task Over_TLS_purchases_are_appended_read_and_the_brokers_looked_after()
    {
        using var cluster = new MockCluster();
        cluster.CreateTopic("purchases", 3);
        await using var tls = new TlsFront(cluster);
        await using var host = await KafkaHost.StartAsync(cluster, settings: [
            ("Kafka:BootstrapServers", tls.BootstrapServers), ("Kafka:SecurityProtocol", "Ssl"), ("Kafka:SslCaLocation", tls.AuthorityFile),
            ("Shopping:AppendDeadline", "00:01:00")]);
        var purchase = Some.Purchase();

        await host.Log.AppendAsync(purchase);

        using var patience = new CancellationTokenSource(Patience);
        await foreach (var batch in host.Feed.ReadAsync(patience.Token))
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
            ("Kafka:BootstrapServers", tls.BootstrapServers), ("Kafka:SecurityProtocol", "Ssl"),
            ("Kafka:SslCaLocation", anotherAuthority ? tls.AnotherAuthorityFile : tls.AuthorityFile), ("Shopping:AppendDeadline", "00:00:01")]);

        await Assert.ThrowsAsync<PurchaseLogUnavailableException>(async () => await host.Log.AppendAsync(Some.Purchase()));
        Assert.Equal(HealthStatus.Unhealthy, (await HealthAsync(host)).Status);
        await Eventually.TrueAsync(() => host.Warnings.Any(warning => warning.Contains("certificate", StringComparison.OrdinalIgnoreCase)), "it says why");
    }

    [Fact]
    public void What_is_configured_reaches_producer_and_consumer()
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
    public void The_native_client_can_do_it(string mechanism)
    {
        var configuration = Configuration(
            ("ConnectionStrings:kafka", "127.0.0.1:1"), ("Kafka:SecurityProtocol", "SaslSsl"), ("Kafka:SaslMechanism", mechanism),
            ("Kafka:SaslUsername", "shop"), ("Kafka:SaslPassword", "password"));

        using var producer = new ProducerBuilder<string, byte[]>(new ProducerConfig().ForPurchases(configuration)).SetLogHandler((_, _) => { }).Build();
        using var consumer = new ConsumerBuilder<string, byte[]>(new ConsumerConfig().ForPurchases(configuration)).SetLogHandler((_, _) => { }).Build();
        using var admin = new DependentAdminClientBuilder(producer.Handle).Build();
    }

    [Fact]
    public void What_durability_rests_on_can_not_be_configured_away()
    {
        var configuration = Configuration(("Kafka:Acks", "Leader"), ("Kafka:AllowAutoCreateTopics", "true"));

        var producer = new ProducerConfig { EnableIdempotence = false }.ForPurchases(configuration);
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
    public void What_can_not_be_right_is_refused_and_named(string complaint, params string[] settings)
    {
        var configuration = Configuration([.. settings.Select(setting => setting.Replace("NO-PEM", NoPem, StringComparison.Ordinal).Split('=')).Select(parts => (parts[0], parts[1]))]);

        foreach (var configure in (Action[])[() => new ProducerConfig().ForPurchases(configuration), () => new ConsumerConfig().ForPurchases(configuration)])
        {
            var refusal = Assert.Throws<OptionsValidationException>(configure);
            Assert.Contains(complaint, refusal.Message);
            Assert.DoesNotContain("hush-hush", refusal.ToString());
        }
    }

    private static IConfiguration Configuration(params (string Key, string Value)[] settings) =>
        new ConfigurationBuilder().AddInMemoryCollection(settings.Select(setting => new KeyValuePair<string, string?>(setting.Key, setting.Value))).Build();

    private static Task<HealthReport> HealthAsync(KafkaHost host) => host.Services.GetRequiredService<HealthCheckService>().CheckHealthAsync();
}
