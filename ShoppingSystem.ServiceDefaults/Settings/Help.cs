using System.Reflection;
using System.Text;
using Microsoft.Extensions.Configuration;

namespace ShoppingSystem.ServiceDefaults;

/// <summary>What <c>--help</c> and <c>--version</c> print.</summary>
internal static class Help
{
    private static readonly Assembly Program = Assembly.GetEntryAssembly()!;

    public static string Version => $"{Program.GetName().Name} {Program.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion}";

    public static string Of(HostSettings settings)
    {
        var name = Program.GetName().Name;
        var shipped = new ConfigurationBuilder().AddJsonFile(Path.Combine(AppContext.BaseDirectory, "appsettings.json"), optional: true).Build();
        var text = new StringBuilder()
            .AppendLine($"{Version}: {settings.Summary}")
            .AppendLine()
            .AppendLine($"Usage: dotnet run --project {name} -- [--KEY=VALUE …]");
        foreach (var (usage, description) in settings.Commands)
        {
            text.AppendLine($"       dotnet run --project {name} -- {usage}    {description}");
        }

        text.AppendLine()
            .AppendLine("Settings [default], on the command line, as environment variables (Shopping__BatchSize) or in appsettings.json:");
        foreach (var setting in settings.Listed)
        {
            var value = shipped[setting.Key] ?? setting.Default;
            text.AppendLine($"  {setting.Example,-34} {setting.Description}{(value is null ? "" : $" [{value}]")}");
        }

        foreach (var setting in settings.Summarized)
        {
            text.AppendLine($"  {setting.Key,-34} {setting.Description}");
        }

        return text
            .AppendLine($"  {"Logging:LogLevel:Default",-34} the least level that is logged: Trace, Debug, Information, Warning, Error, Critical, None")
            .AppendLine($"  {"OTEL_EXPORTER_OTLP_ENDPOINT",-34} where traces, metrics and logs go, such as http://localhost:4317")
            .AppendLine($"  {"OTEL_METRICS_EXPORTER",-34} otlp, prometheus (http://localhost:9464/metrics), both (otlp,prometheus), or none [otlp]")
            .AppendLine()
            .AppendLine("  --help, -h, -?                     this text")
            .Append("  --version                          the version")
            .ToString();
    }
}
