using System.Net;
using System.Net.Sockets;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging.Abstractions;
using ShoppingSystem.Purchases;
using ShoppingSystem.Sqlite;
using ShoppingSystem.Tests.Support;

namespace ShoppingSystem.Tests.Standalone;

/// <summary>What stands in the way of a start is said in one line that names it.</summary>
public sealed class StartupTests(ITestOutputHelper output) : IDisposable
{
    private readonly string _directory = StandaloneProcess.NewDataDirectory();

    [Fact]
    public async Task A_second_instance_on_the_same_data_directory_refuses_to_start()
    {
        await using var first = await StandaloneProcess.StartAsync(_directory);

        await RefusesToStartAsync([], _directory, "another instance");

        await first.Shop.BuyAsync("123");
    }

    [Theory]
    [InlineData("Shopping:WebServerUrl")]
    [InlineData("Shopping:ManagementApiUrl")]
    public async Task A_port_in_use_stops_the_start_and_is_named(string key)
    {
        using var other = new TcpListener(System.Net.IPAddress.Loopback, 0);
        other.Start();

        await RefusesToStartAsync([$"--{key}=http://{other.LocalEndpoint}"], other.LocalEndpoint.ToString()!, "already in use");
    }

    [Fact]
    public async Task A_file_in_place_of_the_data_directory_stops_the_start_and_is_left_unchanged()
    {
        var file = Path.Combine(_directory, "file");
        await File.WriteAllTextAsync(file, "mine");

        await RefusesToStartAsync([$"--Shopping:DataDirectory={file}"], file);
        await RefusesToStartAsync([$"--Shopping:DataDirectory={file}/below"], file);

        Assert.Equal("mine", await File.ReadAllTextAsync(file));
    }

    [Fact]
    public Task A_data_directory_that_can_not_be_created_stops_the_start_and_is_named() =>
        OperatingSystem.IsLinux() ? RefusesToStartAsync(["--Shopping:DataDirectory=/proc/shopping"], "/proc/shopping") : Task.CompletedTask;

    [Theory]
    [InlineData("--Shopping:BatchSize=abc", "Shopping:BatchSize")]
    [InlineData("--Shopping:BatchSize=0", "Shopping:BatchSize")]
    [InlineData("--Shopping:BatchSize=99999999999", "Shopping:BatchSize")]
    [InlineData("--Shopping:AppendDeadline=0", "Shopping:AppendDeadline")]
    [InlineData("--Shopping:AppendDeadline=-00:00:05", "Shopping:AppendDeadline")]
    [InlineData("--Shopping:AppendDeadline=soon", "Shopping:AppendDeadline")]
    [InlineData("--Shopping:WebServerUrl=nonsense", "Shopping:WebServerUrl")]
    [InlineData("--Shopping:WebServerUrl=https://127.0.0.1:8081", "Shopping:WebServerUrl")]
    [InlineData("--Shopping:WebServerUrl=http://127.0.0.1:99999", "Shopping:WebServerUrl")]
    [InlineData("--Shopping:WebServerUrl=http://127.0.0.1:8081/shop", "Shopping:WebServerUrl")]
    [InlineData("--Shopping:WebServerUrl=http://127.0.0.1:18081;http://127.0.0.1:18082", "Shopping:WebServerUrl")]
    [InlineData("--Shopping:WebServerUrl=http://user@127.0.0.1:8081", "Shopping:WebServerUrl")]
    [InlineData("--Shopping:WebServerUrl=http://127.0.0.1:8081/?a", "Shopping:WebServerUrl")]
    [InlineData("--Shopping:WebServerUrl=http://127.0.0.1:8081/#a", "Shopping:WebServerUrl")]
    [InlineData("--Shopping:WebServerUrl=http://unix:/tmp/shop.sock", "Shopping:WebServerUrl")]
    [InlineData("--Shopping:WebServerUrl=http://localhost:0", "Shopping:WebServerUrl")]
    [InlineData("--Shopping:WebServerUrl=https://*:8081", "Shopping:WebServerUrl")]
    [InlineData("--Shopping:WebServerUrl=http://**:8081", "Shopping:WebServerUrl")]
    [InlineData("--Shopping:ManagementApiUrl=ftp://127.0.0.1", "Shopping:ManagementApiUrl")]
    [InlineData("--Shopping:ManagementApiUrl=", "Shopping:ManagementApiUrl")]
    [InlineData("--Shopping:DataDirectory=", "Shopping:DataDirectory")]
    [InlineData("--Admission:MaxConcurrentRequests=0", "Admission:MaxConcurrentRequests")]
    [InlineData("--Admission:RequestsPerSecond=many", "Admission:RequestsPerSecond")]
    [InlineData("--Admission:Burst=99999999999", "Admission:Burst")]
    [InlineData("--Proxies:0=10.0.0.1", "Proxies")]
    [InlineData("--Management:ApiKey=a\tb", "Management:ApiKey")]
    [InlineData("--Management:ApiKey=key ", "Management:ApiKey")]
    [InlineData("--Management:ApiKey=", "Management:ApiKey")]
    [InlineData("--Management:ApiKey=  ", "Management:ApiKey")]
    [InlineData("--Secrets:Directory=", "Secrets:Directory")]
    [InlineData("--Authentication:Authority=", "Authentication:Authority")]
    [InlineData("--Proxies:0=", "Proxies:0")]
    [InlineData("--Logging:LogLevel:Default=Loud", "Logging:LogLevel:Default")]
    [InlineData("--Logging:Console:LogLevel:Microsoft=Loud", "Logging:Console:LogLevel:Microsoft")]
    [InlineData("--OTEL_EXPORTER_OTLP_ENDPOINT=localhost:4317", "OTEL_EXPORTER_OTLP_ENDPOINT")]
    [InlineData("--OTEL_METRICS_EXPORTER=promtheus", "OTEL_METRICS_EXPORTER")]
    [InlineData("--OTEL_METRICS_EXPORTER=none,prometheus", "OTEL_METRICS_EXPORTER")]
    [InlineData("--OTEL_METRICS_EXPORTER=console", "OTEL_METRICS_EXPORTER")]
    [InlineData("--OTEL_TRACES_EXPORTER=zipkin", "OTEL_TRACES_EXPORTER")]
    [InlineData("--OTEL_LOGS_EXPORTER=,", "OTEL_LOGS_EXPORTER")]
    public Task An_invalid_setting_stops_the_start_and_is_named(string argument, string key) => RefusesToStartAsync([argument], key);

    [Theory]
    [InlineData("OTEL_EXPORTER_PROMETHEUS_HOST", "shop.example.com")]
    [InlineData("OTEL_EXPORTER_PROMETHEUS_HOST", "192.0.2.1")]
    [InlineData("OTEL_EXPORTER_PROMETHEUS_PORT", "0")]
    [InlineData("OTEL_EXPORTER_PROMETHEUS_PORT", "65536")]
    [InlineData("OTEL_EXPORTER_PROMETHEUS_PORT", "metrics")]
    public Task An_invalid_metrics_address_stops_the_start_and_is_named(string key, string value) =>
        RefusesToStartAsync(["--OTEL_METRICS_EXPORTER=prometheus", $"--{key}={value}"], key, value);

    [Fact]
    public async Task A_metrics_port_in_use_stops_the_start_and_is_named()
    {
        using var taken = new TcpListener(IPAddress.Loopback, 0);
        taken.Start();
        var port = ((IPEndPoint)taken.LocalEndpoint).Port;

        await RefusesToStartAsync(
            ["--OTEL_METRICS_EXPORTER=prometheus", "--OTEL_EXPORTER_PROMETHEUS_HOST=127.0.0.1", $"--OTEL_EXPORTER_PROMETHEUS_PORT={port}"],
            "OTEL_EXPORTER_PROMETHEUS_PORT", $"127.0.0.1:{port}");
    }

    [Theory]
    [InlineData("127.0.0.1", "127.0.0.1")]
    [InlineData("0.0.0.0", "127.0.0.1")]
    [InlineData("localhost", "*")]
    public async Task One_port_for_both_services_stops_the_start_and_is_named(string shop, string management)
    {
        var port = StandaloneProcess.FreeAddress().Port;

        await RefusesToStartAsync(
            [$"--Shopping:WebServerUrl=http://{shop}:{port}", $"--Shopping:ManagementApiUrl=http://{management}:{port}"],
            "Shopping:WebServerUrl", "Shopping:ManagementApiUrl", "both services");
    }

    [Fact]
    public Task A_missing_secrets_directory_stops_the_start_and_is_named() =>
        RefusesToStartAsync([$"--Secrets:Directory={_directory}/secrets"], "Secrets:Directory", "no directory", $"{_directory}/secrets");

    [Theory]
    [InlineData("http://192.0.2.1:18081")]
    public Task An_address_of_another_machine_stops_the_start_and_is_named(string url) => RefusesToStartAsync([$"--Shopping:WebServerUrl={url}"], "192.0.2.1:18081");

    [Theory]
    [InlineData("log.db")]
    [InlineData("purchases.db")]
    public async Task A_file_that_is_no_database_stops_the_start_and_is_left_unchanged(string file)
    {
        var garbage = new byte[20_000];
        new Random(1).NextBytes(garbage);

        await RefusesAndLeavesAloneAsync(file, garbage);
    }

    [Theory]
    [InlineData("log.db")]
    [InlineData("purchases.db")]
    public async Task A_database_truncated_to_half_its_pages_stops_the_start_and_is_left_unchanged(string file)
    {
        var whole = await MakeDataAsync(file);

        await RefusesAndLeavesAloneAsync(file, whole[..(whole.Length / 2 / 4096 * 4096)]);
    }

    [Theory]
    [InlineData("log.db", 0, "is empty")]
    [InlineData("log.db", 1, "is empty")]
    [InlineData("log.db", 5000, "")]
    [InlineData("purchases.db", 0, "is empty")]
    [InlineData("purchases.db", 100, "")]
    [InlineData("purchases.db", 12345, "")]
    public async Task A_database_truncated_anywhere_stops_the_start_and_is_left_unchanged(string file, int bytesLeft, string reason)
    {
        var whole = await MakeDataAsync(file);

        await RefusesAndLeavesAloneAsync(file, whole[..bytesLeft], reason);
    }

    [Theory]
    [InlineData("log.db")]
    [InlineData("purchases.db")]
    public async Task A_database_with_an_overwritten_header_stops_the_start_and_is_left_unchanged(string file)
    {
        var content = await MakeDataAsync(file);
        content.AsSpan(0, 100).Clear();

        await RefusesAndLeavesAloneAsync(file, content);
    }

    /// <summary>Every page is in use, so there is none that could be lost without harm.</summary>
    [Theory]
    [InlineData("log.db")]
    [InlineData("purchases.db")]
    public async Task A_database_with_an_overwritten_page_stops_the_start_and_is_left_unchanged(string file)
    {
        const int PageSize = 4096;
        const int Rounds = 4;
        var seed = Seed.Next();
        var random = new Random(seed);
        var whole = await MakeDataAsync(file);
        for (var round = 1; round <= Rounds; round++)
        {
            var content = whole.ToArray();
            var page = random.Next(content.Length / PageSize);
            random.NextBytes(content.AsSpan(page * PageSize, PageSize));
            output.WriteLine($"seed {seed}: page {page + 1} of {content.Length / PageSize} of {file}");

            await RefusesAndLeavesAloneAsync(file, content);
        }
    }

    /// <summary>What a power cut leaves: the write-ahead log ends in the middle of a transaction that nobody was told of.</summary>
    [Theory]
    [InlineData(1)]
    [InlineData(4000)]
    [InlineData(100_000)]
    public async Task Garbage_at_the_end_of_a_write_ahead_log_loses_no_purchase(int garbage)
    {
        var crashed = await MakeCrashAsync();
        foreach (var file in Directory.GetFiles(crashed, "*-wal"))
        {
            var torn = new byte[garbage];
            new Random(garbage).NextBytes(torn);
            await using var end = new FileStream(file, FileMode.Append);
            await end.WriteAsync(torn);
        }

        Assert.Equal(1000, await CountAfterStartAsync(crashed));
    }

    /// <summary>A disk that lied: what it said was written is not. That much is gone, and the rest is there.</summary>
    [Theory]
    [InlineData("log.db-wal", 500)]
    [InlineData("purchases.db-wal", 500)]
    public async Task A_shop_with_a_truncated_write_ahead_log_keeps_the_earlier_purchases(string file, int atLeast)
    {
        var crashed = await MakeCrashAsync();
        await using (var wal = new FileStream(Path.Combine(crashed, file), FileMode.Open))
        {
            wal.SetLength(wal.Length - 1000);
        }

        Assert.InRange(await CountAfterStartAsync(crashed), atLeast, 1000);
    }

    [Theory]
    [InlineData("log.db")]
    [InlineData("purchases.db")]
    public async Task A_database_of_a_later_version_stops_the_start_and_is_left_unchanged(string file)
    {
        await MakeDataAsync(file);
        await using (var connection = new SqliteConnection($"Data Source={Path.Combine(_directory, file)};Pooling=false"))
        {
            await connection.OpenAsync();
            await using var command = connection.CreateCommand();
            command.CommandText = "PRAGMA user_version = 9999";
            await command.ExecuteNonQueryAsync();
        }

        await RefusesAndLeavesAloneAsync(file, await File.ReadAllBytesAsync(Path.Combine(_directory, file)), "later version");
    }

    [Fact]
    public async Task Listening_to_other_machines_logs_a_warning()
    {
        await using var standalone = await StandaloneProcess.StartAsync(_directory, "0.0.0.0", []);

        foreach (var service in (HttpClient[])[standalone.Shop, standalone.Management])
        {
            await Eventually.TrueAsync(
                () => standalone.Output.Contains($"WARNING: http://0.0.0.0:{service.BaseAddress!.Port} can be reached from other machines", StringComparison.Ordinal),
                "it warns");
        }
    }

    [Theory]
    [InlineData("0.0.0.0", "", true)]
    [InlineData("0.0.0.0", "s3cret", false)]
    [InlineData("127.0.0.1", "", false)]
    public async Task A_management_API_that_other_machines_reach_without_a_key_warns(string host, string key, bool warns)
    {
        await using var standalone = await StandaloneProcess.StartAsync(_directory, host, key.Length > 0 ? [$"--Management:ApiKey={key}"] : []);

        Assert.Equal(0, await standalone.StopAsync());
        Assert.Equal(warns, standalone.Output.Contains($"No key is configured (Management:ApiKey): whoever reaches http://{host}:{standalone.Management.BaseAddress!.Port} can", StringComparison.Ordinal));
    }

    [Fact]
    public async Task The_shop_watches_no_files()
    {
        await using var standalone = await StandaloneProcess.StartAsync(_directory);

        var open = OperatingSystem.IsLinux()
            ? Directory.GetFiles($"/proc/{standalone.Id}/fd").Select(handle => File.ResolveLinkTarget(handle, returnFinalTarget: false)?.FullName ?? "")
            : [];
        Assert.DoesNotContain(open, target => target.Contains("inotify", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Secrets_can_come_as_files()
    {
        var secrets = Directory.CreateDirectory(Path.Combine(_directory, "secrets")).FullName;
        await File.WriteAllTextAsync(Path.Combine(secrets, "Management__ApiKey"), "from-a-file\n");
        await using var standalone = await StandaloneProcess.StartAsync(_directory, $"--Secrets:Directory={secrets}", "--Management:ApiKey=overridden");

        using var without = await standalone.Management.GetAsync("/api/v1/stats");
        await without.ProblemAsync(System.Net.HttpStatusCode.Unauthorized);
        standalone.Management.DefaultRequestHeaders.Add("X-API-Key", "from-a-file");
        using var with = await standalone.Management.GetAsync("/api/v1/stats");
        Assert.Equal(System.Net.HttpStatusCode.OK, with.StatusCode);
        Assert.Empty(await standalone.Shop.ReadAllAsync("/api/v1/getAllUserBuys/123"));
    }

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    private async Task<byte[]> MakeDataAsync(string file)
    {
        await using (var storage = EmbeddedStorage.Open(_directory, new PurchaseLogOptions(), NullLoggerFactory.Instance))
        {
            var purchases = Some.Purchases(500);
            await Task.WhenAll(purchases.Select(purchase => storage.Log.AppendAsync(purchase).AsTask()));
            await new SqlitePurchaseStore(storage.Record).RecordAsync(purchases);
        }

        SqliteConnection.ClearAllPools();
        return await File.ReadAllBytesAsync(Path.Combine(_directory, file));
    }

    /// <summary>The files as they are while it runs: 500 purchases recorded, 500 more only in the log.</summary>
    private async Task<string> MakeCrashAsync()
    {
        var crashed = Directory.CreateDirectory(Path.Combine(_directory, "crashed")).FullName;
        await using (var storage = EmbeddedStorage.Open(_directory, new PurchaseLogOptions(), NullLoggerFactory.Instance))
        {
            var purchases = Some.Purchases(1000);
            foreach (var group in purchases.Chunk(100))
            {
                await Task.WhenAll(group.Select(purchase => storage.Log.AppendAsync(purchase).AsTask()));
            }

            foreach (var batch in purchases.Take(500).Chunk(100))
            {
                await new SqlitePurchaseStore(storage.Record).RecordAsync(batch);
            }

            foreach (var file in Directory.GetFiles(_directory, "*.db*").Where(file => !file.EndsWith("-shm", StringComparison.Ordinal)))
            {
                File.Copy(file, Path.Combine(crashed, Path.GetFileName(file)));
            }
        }

        return crashed;
    }

    private static async Task<int> CountAfterStartAsync(string directory)
    {
        await using var standalone = await StandaloneProcess.StartAsync(directory);
        var after = await standalone.Shop.BuyAsync("u1");
        List<Guid> recorded = [];
        await Eventually.TrueAsync(
            async () => (recorded = await standalone.Management.ReadAllAsync("/api/v1/purchases/u1?limit=1000")).Contains(after), "it goes on");
        Assert.Equal(recorded.Count, recorded.Distinct().Count());
        Assert.Equal(0, await standalone.StopAsync());
        return recorded.Count - 1;
    }

    private async Task RefusesAndLeavesAloneAsync(string file, byte[] content, string reason = "")
    {
        var path = Path.Combine(_directory, file);
        await File.WriteAllBytesAsync(path, content);

        await RefusesToStartAsync([], path, reason);

        Assert.Equal(content, await File.ReadAllBytesAsync(path));
    }

    private async Task RefusesToStartAsync(string[] arguments, params string[] named)
    {
        var (exitCode, output, errors) = await StandaloneProcess.RunAsync([
            $"--Shopping:DataDirectory={_directory}", $"--Shopping:WebServerUrl={StandaloneProcess.FreeAddress()}",
            $"--Shopping:ManagementApiUrl={StandaloneProcess.FreeAddress()}", .. arguments]);

        Assert.Equal(1, exitCode);
        var line = Assert.Single(errors.Split('\n', StringSplitOptions.RemoveEmptyEntries));
        Assert.All(named, name => Assert.Contains(name, line, StringComparison.Ordinal));
        Assert.DoesNotContain("   at ", output, StringComparison.Ordinal);
        Assert.DoesNotContain("Unhandled", output, StringComparison.Ordinal);
    }
}
