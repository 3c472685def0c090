namespace ShoppingSystem.Tests.Hosts;

/// <summary>A setting that can't be used stops the start with a line that names it, and without a stack trace.</summary>
public sealed class WrongSettingTests
{
    [Theory]
    [InlineData("urls", "nonsense")]
    [InlineData("urls", "https://127.0.0.1:0")]
    [InlineData("services__management-api__http__0", "nonsense")]
    [InlineData("PathBase", "shop")]
    [InlineData("Cors__Origins__0", "https://front.example.com/")]
    [InlineData("Admission__Burst", "many")]
    [InlineData("Admission__RequestsPerSecond", "0")]
    [InlineData("Shopping__Topic", "no topic")]
    [InlineData("Kafka__SecurityProtocl", "Ssl")]
    [InlineData("Kafka__SecurityProtocol", "")]
    [InlineData("Kafka__SocketTimeoutMs", "1")]
    [InlineData("Kafka__Debug", "nonsense")]
    [InlineData("Kafka__Acks", "1")]
    [InlineData("ConnectionStrings__kafka", "kafka://localhost:9092")]
    [InlineData("ConnectionStrings__kafak", "localhost:9092")]
    [InlineData("services__managment-api__http__0", "http://localhost:8080")]
    [InlineData("Admission__Brust", "5")]
    [InlineData("Authentication__Authority", "")]
    [InlineData("Management__ApiKey", " key")]
    [InlineData("Management__ApiKey", "")]
    [InlineData("Logging__LogLevel__Default", "Loud")]
    [InlineData("OTEL_EXPORTER_OTLP_ENDPOINT", "localhost:4317")]
    [InlineData("OTEL_METRICS_EXPORTER", "promtheus")]
    public async Task An_invalid_setting_stops_the_start_of_the_web_server_and_is_named(string name, string value) =>
        Names(name, await HostProcess.RunAsync(HostProgram.WebServer, (name, value)));

    [Theory]
    [InlineData("urls", "nonsense")]
    [InlineData("Shopping__BatchSize", "many")]
    [InlineData("Shopping__HandoverTime", "01:00:00")]
    [InlineData("Shopping__HandoverTiem", "00:00:05")]
    [InlineData("Kafka__SocketTimeoutMs", "1")]
    [InlineData("Kafka__Debug", "nonsense")]
    [InlineData("Kafka__Acks", "1")]
    [InlineData("Kafka__CompresionType", "zstd")]
    [InlineData("ConnectionStrings__kafka", "localhost:99999")]
    [InlineData("Admission__Brust", "5")]
    [InlineData("Authentication__Authorty", "https://login.example.com")]
    [InlineData("ConnectionStrings__shoping", "mongodb://localhost:27017/shopping")]
    [InlineData("Management__ApiKey", " key")]
    [InlineData("Management__ApiKey", "")]
    [InlineData("Logging__LogLevel__Default", "Loud")]
    public async Task An_invalid_setting_stops_the_start_of_the_management_API_and_is_named(string name, string value) =>
        Names(name, await HostProcess.RunAsync(HostProgram.ManagementApi, (name, value)));

    private static void Names(string name, (int ExitCode, string Output) run)
    {
        Assert.Equal(1, run.ExitCode);
        // Kafka is away, and its client may have said so meanwhile.
        var lines = run.Output.Split(Environment.NewLine, StringSplitOptions.RemoveEmptyEntries);
        Assert.Contains(name.Replace("__", ":", StringComparison.Ordinal), lines[^1], StringComparison.Ordinal);
        Assert.DoesNotContain(lines, line => line.Contains("Exception", StringComparison.Ordinal) || line.StartsWith("   at ", StringComparison.Ordinal));
    }
}
