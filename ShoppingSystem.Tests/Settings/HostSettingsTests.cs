using Confluent.Kafka;
using Microsoft.Extensions.Configuration;
using ShoppingSystem.Purchases;
using ShoppingSystem.ServiceDefaults;
using ShoppingSystem.Storefront;
using ShoppingSystem.Tests.Support;

namespace ShoppingSystem.Tests.Settings;

/// <summary>What is configured is a setting that exists, wherever it comes from; what nearly is one is named.</summary>
public sealed class HostSettingsTests : IDisposable
{
    private readonly string _directory = StandaloneProcess.NewDataDirectory();

    [Theory]
    [InlineData("--Shopping:BatchSzie=5", "--Shopping:BatchSzie", "Shopping:BatchSize")]
    [InlineData("--Shopping:batch-size=5", "--Shopping:batch-size", "Shopping:BatchSize")]
    [InlineData("--Shopping__BatchSize=5", "--Shopping__BatchSize", "Shopping:BatchSize")]
    [InlineData("--Shoping:BatchSize=5", "--Shoping:BatchSize", "Shopping:BatchSize")]
    [InlineData("--BatchSize=5", "--BatchSize", "Shopping:BatchSize")]
    [InlineData("--batch-size=5", "--batch-size", "Shopping:BatchSize")]
    [InlineData("BatchSize=5", "BatchSize", "Shopping:BatchSize")]
    [InlineData("/Shopping:BatchSzie=5", "Shopping:BatchSzie", "Shopping:BatchSize")]
    [InlineData("--Shopping:BatchSize:0=5", "--Shopping:BatchSize:0", "Shopping:BatchSize")]
    [InlineData("--Shopping:Colour=red", "--Shopping:Colour", "Shopping:BatchSize")]
    [InlineData("--Admission:RequestPerSecond=5", "--Admission:RequestPerSecond", "Admission:RequestsPerSecond")]
    [InlineData("--Management:ApiKye=5", "--Management:ApiKye", "Management:ApiKey")]
    [InlineData("--Kafka:SecurityProtocl=Ssl", "--Kafka:SecurityProtocl", "Kafka:SecurityProtocol")]
    [InlineData("--Proxies=10.0.0.0/8", "--Proxies", "Proxies:0")]
    [InlineData("--Proxy:0=10.0.0.0/8", "--Proxy:0", "Proxies:0")]
    [InlineData("--Proxies:first=10.0.0.0/8", "--Proxies:first", "Proxies:0")]
    [InlineData("--Secret:Directory=/x", "--Secret:Directory", "Secrets:Directory")]
    [InlineData("--url=http://localhost:1", "--url", "urls")]
    [InlineData("--Logging:LogLevl:Default=Debug", "--Logging:LogLevl:Default", "Logging:LogLevel")]
    [InlineData("--OTEL_EXPORTER_OLTP_ENDPOINT=http://localhost:4317", "--OTEL_EXPORTER_OLTP_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT")]
    [InlineData("--ConnectionStrings:kafak=localhost:9092", "--ConnectionStrings:kafak", "ConnectionStrings:kafka")]
    [InlineData("--services:managment-api:http:0=http://x", "--services:managment-api:http:0", "services:management-api:http:0")]
    public void A_misspelt_option_is_refused_with_the_correct_one(string argument, string named, string meant)
    {
        var refusal = Refusal([argument]);

        Assert.Contains(named, refusal, StringComparison.Ordinal);
        Assert.Contains(meant, refusal, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', refusal);
    }

    [Theory]
    [InlineData("--colour=red", "--colour")]
    [InlineData("--", "'--'")]
    [InlineData("-x", "'-x'")]
    [InlineData("-x=1", "'-x'")]
    [InlineData("serve", "'serve'")]
    [InlineData("--Shopping:BatchSize", "--Shopping:BatchSize=VALUE")]
    [InlineData("--help=yes", "--help takes no value")]
    public void An_invalid_argument_is_refused_and_named(string argument, string named) => Assert.Contains(named, Refusal([argument]), StringComparison.Ordinal);

    [Fact]
    public void An_option_does_not_take_the_next_one_for_its_value() =>
        Assert.Contains("--Management:ApiKey=VALUE", Refusal(["--Management:ApiKey", "--Shopping:BatchSize=5"]), StringComparison.Ordinal);

    [Theory]
    [InlineData("--Shopping:BatchSize=5")]
    [InlineData("--shopping:batchsize", "5")]
    [InlineData("/Shopping:BatchSize", "5")]
    [InlineData("Shopping:BatchSize=5")]
    [InlineData("--Proxies:0=10.0.0.0/8", "--Proxies:1=10.0.0.0/8")]
    [InlineData("--Kafka:SslCaLocation=/etc/ca.pem")]
    [InlineData("--urls=http://localhost:1", "--environment=Test", "--AllowedHosts=*")]
    [InlineData("--Logging:LogLevel:Default=Debug", "--Logging:Console:FormatterName=json", "--Kestrel:Endpoints:A:Url=http://localhost:1")]
    [InlineData("--ConnectionStrings:kafka=localhost:9092", "--services:management-api:http:0=http://x", "--OTEL_SERVICE_NAME=shop")]
    public void Known_arguments_are_accepted(params string[] arguments) => Assert.NotNull(ServiceHost.CreateBuilder(arguments, Settings()));

    [Theory]
    [InlineData("Shopping", "BatchSzie", "Shopping:BatchSize")]
    [InlineData("Shoping", "BatchSize", "Shopping:BatchSize")]
    [InlineData("Managment", "ApiKey", "Management:ApiKey")]
    [InlineData("ConnectionStrings", "kafak", "ConnectionStrings:kafka")]
    public async Task A_misspelt_key_in_a_settings_file_is_refused_with_the_correct_one(string section, string name, string meant)
    {
        // Beside the program, and of an environment of its own: the program's own file is everybody's.
        var environment = Path.GetFileName(_directory);
        var file = Path.Combine(AppContext.BaseDirectory, $"appsettings.{environment}.json");
        await File.WriteAllTextAsync(file, $$$"""{"{{{section}}}":{"{{{name}}}":"5"}}""");
        try
        {
            var refusal = Refusal([$"--environment={environment}"]);

            Assert.Contains($"{section}:{name}", refusal, StringComparison.Ordinal);
            Assert.Contains(meant, refusal, StringComparison.Ordinal);
        }
        finally
        {
            File.Delete(file);
        }
    }

    [Theory]
    [InlineData("Management__ApiKye")]
    [InlineData("Managment__ApiKey")]
    [InlineData("Management_ApiKey")]
    [InlineData("ManagementApiKey")]
    [InlineData("management-api-key")]
    public async Task A_misspelt_secret_file_is_refused_with_the_correct_name(string name)
    {
        await File.WriteAllTextAsync(Path.Combine(_directory, name), "s3cret");

        var refusal = Refusal([$"--Secrets:Directory={_directory}"]);

        Assert.Contains(name.Replace("__", ":", StringComparison.Ordinal), refusal, StringComparison.Ordinal);
        Assert.Contains("Management:ApiKey", refusal, StringComparison.Ordinal);
        Assert.DoesNotContain("s3cret", refusal, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_secret_file_of_another_program_is_ignored()
    {
        await File.WriteAllTextAsync(Path.Combine(_directory, "tls.crt"), "theirs");
        await File.WriteAllTextAsync(Path.Combine(_directory, "Management__ApiKey"), "ours");

        Assert.Equal("ours", ServiceHost.CreateBuilder([$"--Secrets:Directory={_directory}"], Settings()).Configuration["Management:ApiKey"]);
    }

    [Theory]
    [InlineData("")]
    [InlineData(" ")]
    [InlineData("\n")]
    public async Task A_secret_that_is_empty_stops_the_start(string content)
    {
        await File.WriteAllTextAsync(Path.Combine(_directory, "Management__ApiKey"), content);

        Assert.Contains("Management:ApiKey is configured, but empty", Refusal([$"--Secrets:Directory={_directory}", "--Management:ApiKey=overruled"]), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Management:ApiKey")]
    [InlineData("Kafka:SaslPassword")]
    [InlineData("Kafka:SecurityProtocol")]
    [InlineData("Shopping:BatchSize")]
    [InlineData("Authentication:Audience")]
    [InlineData("Proxies:0")]
    [InlineData("Secrets:Directory")]
    public void A_setting_that_is_empty_stops_the_start(string key)
    {
        Assert.Contains($"{key} is configured, but empty", Refusal([$"--{key}="]), StringComparison.Ordinal);
        Assert.Contains($"{key} is configured, but empty", Refusal([$"--{key}", "  "]), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(" secret")]
    [InlineData("secret ")]
    [InlineData("sec\nret")]
    public void A_value_that_no_header_can_carry_stops_the_start(string value)
    {
        var settings = new HostSettings("calls another service").WithHeader("Management:ApiKey", "a key");

        settings.Check(Configured(("Management:ApiKey", "a secret, süß")));
        Assert.Contains(
            "Management:ApiKey begins or ends with a space, or has a control character",
            Assert.Throws<ConfigurationException>(() => settings.Check(Configured(("Management:ApiKey", value)))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_setting_of_the_other_service_is_allowed_in_the_environment_but_not_on_the_command_line()
    {
        var settings = new HostSettings("one of two").Share("Admission", "Burst");

        settings.Check(Configured(("Admission:Burst", "5")));
        Assert.Contains("other service", Assert.Throws<ConfigurationException>(() => settings.Check(["--Admission:Burst=5"])).Message, StringComparison.Ordinal);
        Assert.Contains("Did you mean Admission:Burst?", Assert.Throws<ConfigurationException>(() => settings.Check(Configured(("Admission:Brust", "5")))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void All_settings_of_a_class_of_the_other_service_are_allowed_in_the_environment()
    {
        var settings = new HostSettings("one of two").WithAll(typeof(ProducerConfig), "Kafka", "a client").ShareAll(typeof(ConsumerConfig), "Kafka");

        settings.Check(Configured(("Kafka:LingerMs", "5"), ("Kafka:GroupInstanceId", "a"), ("Kafka:SecurityProtocol", "Ssl")));
        settings.Check(["--Kafka:LingerMs=5", "--Kafka:SecurityProtocol=Ssl"]);
        Assert.Contains("other service", Assert.Throws<ConfigurationException>(() => settings.Check(["--Kafka:GroupInstanceId=a"])).Message, StringComparison.Ordinal);
        Assert.Contains("Did you mean Kafka:GroupProtocol?", Assert.Throws<ConfigurationException>(() => settings.Check(Configured(("Kafka:GroupProtocl", "a")))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_list_is_set_by_number()
    {
        var settings = new HostSettings("with a list").With<WithList>("Names");

        settings.Check(["--Names:Of:0=a", "--Names:Of:1=b"]);
        Assert.Contains("Names:Of:0", Assert.Throws<ConfigurationException>(() => settings.Check(["--Names:Of=a"])).Message, StringComparison.Ordinal);
    }

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    private static HostSettings Settings() => new HostSettings("a service")
        .With<PurchaseLogOptions>(PurchaseLogOptions.Section)
        .With<AdmissionOptions>(AdmissionOptions.Section)
        .With<SignInOptions>(SignInOptions.Section)
        .With("Management:ApiKey", null, "a key")
        .With("ConnectionStrings:kafka", null, "the brokers")
        .With("services:management-api:http:0", null, "the management API")
        .WithAll(typeof(ClientConfig), "Kafka", "the client");

    private static string Refusal(string[] arguments) =>
        Assert.Throws<ConfigurationException>(() => ServiceHost.CreateBuilder(arguments, Settings())).Message;

    private static IConfigurationRoot Configured(params (string Key, string Value)[] settings) =>
        new ConfigurationBuilder().AddInMemoryCollection(settings.ToDictionary(setting => setting.Key, setting => (string?)setting.Value)).Build();

    private sealed class WithList
    {
        public string[] Of { get; set; } = [];
    }
}
