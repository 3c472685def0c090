using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.RegularExpressions;
using ShoppingSystem.Tests.Support;

namespace ShoppingSystem.Tests.Standalone;

/// <summary>What Standalone makes of its command line and its environment.</summary>
public sealed partial class SettingTests : IDisposable
{
    private readonly string _directory = StandaloneProcess.NewDataDirectory();

    [Theory]
    [InlineData("--help")]
    [InlineData("-h")]
    [InlineData("-?")]
    public async Task Help_lists_the_settings_without_starting_the_shop(string option)
    {
        var data = Path.Combine(_directory, "data");

        var (exitCode, output, errors) = await StandaloneProcess.RunAsync(option, $"--Shopping:DataDirectory={data}");

        Assert.Equal(0, exitCode);
        Assert.Equal("", errors);
        Assert.Matches(@"Shopping:BatchSize +.*\[5000\]", output);
        Assert.Matches(@"Shopping:WebServerUrl +.*\[http://127.0.0.1:8081\]", output);
        Assert.Contains("Management:ApiKey", output, StringComparison.Ordinal);
        Assert.False(Directory.Exists(data), "it started");
    }

    [Fact]
    public async Task Version_prints_the_version_without_starting_the_shop()
    {
        var data = Path.Combine(_directory, "data");

        var (exitCode, output, errors) = await StandaloneProcess.RunAsync("--version", $"--Shopping:DataDirectory={data}");

        Assert.Equal(0, exitCode);
        Assert.Equal("", errors);
        Assert.Matches(@"^ShoppingSystem\.Standalone \d+\.\d+\.\d+\S*\s*$", output);
        Assert.False(Directory.Exists(data), "it started");
    }

    [Theory]
    [InlineData("Shopping__BatchSzie", "Did you mean Shopping:BatchSize?")]
    [InlineData("Management__ApiKye", "Did you mean Management:ApiKey?")]
    [InlineData("Kafka__SaslPassword", "no Kafka")]
    [InlineData("Authentication__Authority", "no sign-in")]
    public async Task An_environment_variable_that_does_not_apply_stops_the_start_and_is_named(string variable, string reason)
    {
        var (exitCode, _, errors) = await StandaloneProcess.RunAsync(new Dictionary<string, string> { [variable] = "5" }, $"--Shopping:DataDirectory={_directory}");

        Assert.Equal(1, exitCode);
        var line = Assert.Single(errors.Split('\n', StringSplitOptions.RemoveEmptyEntries));
        Assert.Contains(variable.Replace("__", ":", StringComparison.Ordinal), line, StringComparison.Ordinal);
        Assert.Contains(reason, line, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--urls=http://127.0.0.1:1", "Shopping:WebServerUrl")]
    [InlineData("--BatchSize=5", "Shopping:BatchSize")]
    [InlineData("--Shopping:Topic=purchases", "--Shopping:Topic")]
    public async Task An_option_that_would_change_nothing_stops_the_start(string option, string named)
    {
        var (exitCode, _, errors) = await StandaloneProcess.RunAsync(option, $"--Shopping:DataDirectory={_directory}");

        Assert.Equal(1, exitCode);
        Assert.Contains(named, Assert.Single(errors.Split('\n', StringSplitOptions.RemoveEmptyEntries)), StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_empty_key_in_the_environment_stops_the_start()
    {
        var (exitCode, _, errors) = await StandaloneProcess.RunAsync(new Dictionary<string, string> { ["Management__ApiKey"] = "" }, $"--Shopping:DataDirectory={_directory}");

        Assert.Equal(1, exitCode);
        Assert.Contains("Management:ApiKey is configured, but empty", Assert.Single(errors.Split('\n', StringSplitOptions.RemoveEmptyEntries)), StringComparison.Ordinal);
    }

    /// <summary>Where it listens on all addresses, it calls itself on one that can be called; and it asks no proxy for that.</summary>
    [Theory]
    [InlineData("0.0.0.0")]
    [InlineData("[::]")]
    [InlineData("*")]
    [InlineData("+")]
    [InlineData("localhost")]
    public async Task Histories_are_served_on_any_listen_address_and_despite_proxy_variables(string host)
    {
        using var proxy = new TcpListener(IPAddress.Loopback, 0);
        proxy.Start();
        var address = $"http://{proxy.LocalEndpoint}";
        await using var standalone = await StandaloneProcess.StartAsync(
            _directory, host, ["--Management:ApiKey=s3cret"],
            new() { ["http_proxy"] = address, ["https_proxy"] = address, ["HTTP_PROXY"] = address, ["ALL_PROXY"] = address, ["all_proxy"] = address });

        var id = await standalone.Shop.BuyAsync("ada");

        await Eventually.TrueAsync(async () => (await standalone.Shop.ReadAllAsync("/api/v1/getAllUserBuys/ada")).Contains(id), "it is in the history");
        Assert.Contains("\"purchases\":1", await standalone.Shop.GetStringAsync("/api/v1/users/ada/summary"), StringComparison.Ordinal);
        Assert.Contains("\"management-api\":\"up\"", await standalone.Shop.GetStringAsync("/-/ready"), StringComparison.Ordinal);
        Assert.False(await IsAskedAsync(proxy), "the proxy was asked");
    }

    // Others may look for what listened at this port before, such as a client of another test. What is asked of a proxy is a whole address.
    private static async Task<bool> IsAskedAsync(TcpListener proxy)
    {
        while (proxy.Pending())
        {
            using var client = await proxy.AcceptTcpClientAsync();
            var first = new byte[256];
            if (client.Available > 0 && Encoding.ASCII.GetString(first, 0, await client.GetStream().ReadAsync(first)) is var line
                && (line.Contains(" http", StringComparison.Ordinal) || line.StartsWith("CONNECT ", StringComparison.Ordinal)))
            {
                return true;
            }
        }

        return false;
    }

    [Theory]
    [InlineData("http://127.0.0.1:0")]
    [InlineData("http://127.0.0.1:0/")]
    public async Task The_shop_prints_the_addresses_it_listens_on(string url)
    {
        await using var standalone = ChildProcess.Start(
            "ShoppingSystem.Standalone.dll", $"--Shopping:DataDirectory={_directory}", $"--Shopping:WebServerUrl={url}", $"--Shopping:ManagementApiUrl={url}");
        await Eventually.TrueAsync(
            () => Task.FromResult(standalone.Output.Contains("Ctrl+C stops.", StringComparison.Ordinal) || standalone.HasExited), ChildProcess.Timeout, "it welcomes");

        var addresses = Listens().Matches(standalone.Output);

        Assert.Equal(["Shop", "Management API"], addresses.Select(address => address.Groups["service"].Value));
        foreach (Match address in addresses)
        {
            Assert.Equal($"{address.Groups["url"].Value}/docs", address.Groups["docs"].Value);
            using var client = new HttpClient { BaseAddress = new Uri(address.Groups["url"].Value) };
            await Eventually.TrueAsync(client.IsReadyAsync, "it answers there");
        }
    }

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [GeneratedRegex(@"^ +(?<service>Shop|Management API) +(?<url>http://127\.0\.0\.1:[1-9]\d*) +API docs (?<docs>\S+)", RegexOptions.Multiline)]
    private static partial Regex Listens();
}
