using ShoppingSystem.Tests.Support;

namespace ShoppingSystem.Tests.Standalone;

/// <summary>The settings of a host lie beside the program. Where it is started from says nothing.</summary>
public sealed class WorkingFolderTests : IDisposable
{
    // Logged at Information by the framework itself, where nothing says that this is too much.
    private const string RequestLog = "Microsoft.AspNetCore.Hosting.Diagnostics";

    private readonly string _data = StandaloneProcess.NewDataDirectory();
    private readonly string _folder = Directory.CreateTempSubdirectory("shopping-elsewhere-").FullName;

    [Fact]
    public async Task A_shop_started_from_another_folder_uses_its_own_settings()
    {
        await using var standalone = await StartAsync();

        await standalone.Shop.BuyAsync("ada");
        await standalone.Management.UntilRecordedAsync("ada", 1);
        Assert.Equal(0, await standalone.StopAsync());

        Assert.DoesNotContain(RequestLog, standalone.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_settings_file_in_the_working_folder_is_ignored()
    {
        await File.WriteAllTextAsync(
            Path.Combine(_folder, "appsettings.json"), """{"Logging":{"LogLevel":{"Microsoft.AspNetCore":"Information"}},"Shopping":{"BatchSize":0}}""");
        await using var standalone = await StartAsync();

        await standalone.Shop.BuyAsync("ada");
        Assert.Equal(0, await standalone.StopAsync());

        Assert.DoesNotContain(RequestLog, standalone.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Requests_are_logged_where_that_is_configured()
    {
        await using var standalone = await StartAsync("--Logging:LogLevel:Microsoft.AspNetCore=Information");

        await standalone.Shop.BuyAsync("ada");
        Assert.Equal(0, await standalone.StopAsync());

        Assert.Contains(RequestLog, standalone.Output, StringComparison.Ordinal);
    }

    public void Dispose()
    {
        Directory.Delete(_data, recursive: true);
        Directory.Delete(_folder, recursive: true);
    }

    private Task<StandaloneProcess> StartAsync(params string[] arguments) =>
        StandaloneProcess.StartAsync(_data, "127.0.0.1", arguments, workingDirectory: _folder);
}
