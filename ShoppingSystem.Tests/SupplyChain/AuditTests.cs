using System.Diagnostics;
using System.Xml.Linq;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using ShoppingSystem.Tests.Kubernetes;

namespace ShoppingSystem.Tests.SupplyChain;

/// <summary>A package with a known vulnerability is no part of a release. A gallery of the test's own says which that is.</summary>
public sealed class AuditTests : IAsyncLifetime
{
    // Any that the tests have been restored with, so that it need not be downloaded.
    private const string Package = "YamlDotNet";
    private static readonly string Version = (string)XDocument.Load(Path.Combine(Tools.Root, "Directory.Packages.props"))
        .Descendants("PackageVersion").Single(package => (string?)package.Attribute("Include") == Package).Attribute("Version")!;
    private static readonly TimeSpan Timeout = TimeSpan.FromMinutes(3);

    private readonly string _folder = Directory.CreateTempSubdirectory("shopping-audit-").FullName;
    private WebApplication _gallery = null!;
    private string _affected = "(, 9999.0.0)";

    private string Address => _gallery.Urls.Single();

    public async ValueTask InitializeAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        _gallery = builder.Build();
        _gallery.MapGet("/index.json", () => Json($$"""
            {"version":"3.0.0","resources":[{"@id":"{{Address}}/vulnerabilities/index.json","@type":"VulnerabilityInfo/6.7.0"}]}
            """));
        _gallery.MapGet("/vulnerabilities/index.json", () => Json($$"""
            [{"@name":"base","@id":"{{Address}}/vulnerabilities/{{Guid.NewGuid():N}}.json","@updated":"2026-01-01T00:00:00Z"}]
            """));
        _gallery.MapGet("/vulnerabilities/{page}", () => Json($$"""
            {"{{Package}}":[{"severity":0,"url":"https://example.com/advisory","versions":"{{_affected}}"}]}
            """));
        await _gallery.StartAsync();

        var root = Path.Combine(Tools.Deploy, "..");
        File.Copy(Path.Combine(root, "Directory.Build.props"), Path.Combine(_folder, "Directory.Build.props"));
        await File.WriteAllTextAsync(Path.Combine(_folder, "NuGet.config"), $"""
            <configuration>
              <auditSources>
                <clear />
                <add key="gallery" value="{Address}/index.json" protocolVersion="3" allowInsecureConnections="true" />
              </auditSources>
            </configuration>
            """);
        await File.WriteAllTextAsync(Path.Combine(_folder, "audited.csproj"), $"""
            <Project Sdk="Microsoft.NET.Sdk">
              <ItemGroup><PackageReference Include="{Package}" Version="{Version}" /></ItemGroup>
            </Project>
            """);
    }

    public async ValueTask DisposeAsync()
    {
        await _gallery.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }

    [Fact]
    public async Task A_vulnerable_package_of_any_severity_fails_CI()
    {
        var (exitCode, output) = await BuildAsync(ci: "true");

        Assert.Contains("error NU1901", output);
        Assert.NotEqual(0, exitCode);
    }

    /// <summary>Else what becomes known tomorrow would keep everybody from trying out what is here today.</summary>
    [Fact]
    public async Task A_vulnerable_package_is_a_warning_outside_of_CI()
    {
        var (exitCode, output) = await BuildAsync(ci: "");

        Assert.Contains("warning NU1901", output);
        Assert.DoesNotContain("error NU", output);
        Assert.Equal(0, exitCode);
    }

    [Fact]
    public async Task A_fixed_package_does_not_fail_CI()
    {
        _affected = "(, 1.0.0)";

        var (exitCode, output) = await BuildAsync(ci: "true");

        Assert.DoesNotContain("NU190", output);
        Assert.Equal(0, exitCode);
    }

    private static IResult Json(string text) => Results.Text(text, "application/json");

    private async Task<(int ExitCode, string Output)> BuildAsync(string ci)
    {
        using var timeout = new CancellationTokenSource(Timeout);
        // What a gallery said is kept for half an hour; this one is new.
        var start = new ProcessStartInfo("dotnet", ["build", _folder, "-warnaserror", "--force", "--no-http-cache"])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            Environment = { ["CI"] = ci },
        };
        using var build = Process.Start(start)!;
        var output = build.StandardOutput.ReadToEndAsync(timeout.Token);
        var errors = build.StandardError.ReadToEndAsync(timeout.Token);
        await build.WaitForExitAsync(timeout.Token);
        return (build.ExitCode, await output + await errors);
    }
}
