using ShoppingSystem.MockKafka;
using ShoppingSystem.Tests.Support;

namespace ShoppingSystem.Tests.Hosts;

/// <summary>Passwords of Kafka and MongoDB are in no log, whatever becomes of them.</summary>
public sealed class SecretTests
{
    private const string Password = "hush-hush-1";

    [Theory]
    [InlineData("mongodb://shop:hush-hush-1@localhost:port/shopping")]
    [InlineData("mongodb://shop:hush-hush-1@localhost:27017/shopping?tls=maybe")]
    [InlineData("mongodb://shop:hush-hush-1@/shopping")]
    [InlineData("mongodb://shop:hush-hush-1/@localhost/shopping")]
    [InlineData("mongodb://shop:hush-hush-1%@localhost/shopping")]
    [InlineData("mongodb:/shop:hush-hush-1@localhost/shopping")]
    [InlineData("Server=localhost;User=shop;Password=hush-hush-1")]
    public async Task A_connection_string_that_can_not_be_used_is_named_and_not_shown(string connectionString)
    {
        var (exitCode, output) = await HostProcess.RunAsync(HostProgram.ManagementApi, ("ConnectionStrings__shopping", connectionString));

        Assert.Equal(1, exitCode);
        Assert.StartsWith("ConnectionStrings:shopping", Assert.Single(output.Split(Environment.NewLine, StringSplitOptions.RemoveEmptyEntries)), StringComparison.Ordinal);
        Assert.DoesNotContain("hush", output);
    }

    [Fact]
    public async Task Credentials_for_Kafka_that_would_not_be_used_stop_the_start_of_both_services()
    {
        (string, string)[] environment = [("Kafka__SecurityProtocol", "SaslSsl"), ("Kafka__SaslUsername", "shop"), ("Kafka__SaslPassword", Password)];

        foreach (var (exitCode, output) in new[]
        {
            await HostProcess.RunAsync(HostProgram.WebServer, environment),
            await HostProcess.RunAsync(HostProgram.ManagementApi, environment),
        })
        {
            Assert.Equal(1, exitCode);
            Assert.Contains("Kafka:SaslMechanism", Assert.Single(output.Split(Environment.NewLine, StringSplitOptions.RemoveEmptyEntries)));
            Assert.DoesNotContain("hush", output);
        }
    }

    [Fact]
    public async Task Errors_of_Kafka_and_MongoDB_are_reported_without_their_passwords()
    {
        var secrets = Directory.CreateTempSubdirectory("shopping-test-").FullName;
        // Brokers that want no sign-in, and a MongoDB that is not there.
        using var kafka = new MockCluster();
        kafka.CreateTopic("purchases", 12);
        await File.WriteAllTextAsync(Path.Combine(secrets, "ConnectionStrings__shopping"), $"mongodb://shop:{Password}@127.0.0.1:1/shopping?tls=true\n");
        await File.WriteAllTextAsync(Path.Combine(secrets, "Kafka__SaslPassword"), Password);
        await File.WriteAllTextAsync(Path.Combine(secrets, "Management__ApiKey"), Password);
        (string, string)[] environment =
        [
            ("Secrets__Directory", secrets), ("ConnectionStrings__kafka", kafka.BootstrapServers), ("Kafka__SecurityProtocol", "SaslPlaintext"),
            ("Kafka__SaslMechanism", "ScramSha512"), ("Kafka__SaslUsername", "shop"), ("Logging__LogLevel__Default", "Debug"),
        ];
        await using var shop = await HostProcess.StartAsync(HostProgram.WebServer, environment);
        await using var management = await HostProcess.StartAsync(HostProgram.ManagementApi, environment);

        var ready = "";
        await Eventually.TrueAsync(
            async () =>
            {
                using var reply = await management.Client.GetAsync("/-/ready");
                ready = await reply.Content.ReadAsStringAsync();
                return ready.Contains("\"mongo\":\"down\"", StringComparison.Ordinal) && ready.Contains("\"kafka\":\"down\"", StringComparison.Ordinal);
            },
            TimeSpan.FromMinutes(2), "both are found to be down");
        await Eventually.TrueAsync(
            () => Task.FromResult(management.Output.Contains("The indexes could not be created", StringComparison.Ordinal) && shop.Output.Contains("SASL", StringComparison.OrdinalIgnoreCase)),
            TimeSpan.FromMinutes(2), "the logs say so");
        Assert.All([ready, shop.Output, management.Output], text => Assert.DoesNotContain(Password, text));
        using var refused = await management.Client.GetAsync("/api/v1/stats");
        Assert.Equal(System.Net.HttpStatusCode.Unauthorized, refused.StatusCode);
        Directory.Delete(secrets, recursive: true);
    }
}
