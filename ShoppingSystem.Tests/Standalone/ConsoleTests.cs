using System.Diagnostics;
using System.Text;
using ShoppingSystem.ServiceDefaults;
using ShoppingSystem.Tests.Support;

namespace ShoppingSystem.Tests.Standalone;

/// <summary>What it prints is for whoever reads it. It serves and it stops whether anybody does or not.</summary>
public sealed class ConsoleTests : IDisposable
{
    private const string RequestLog = "--Logging:LogLevel:Microsoft.AspNetCore=Information";

    private readonly string _directory = StandaloneProcess.NewDataDirectory();

    [Theory]
    [InlineData(">&-")]
    [InlineData(">&- 2>&-")]
    [InlineData("<&- >&- 2>&-")]
    [InlineData(">/dev/full")]
    [InlineData(">/dev/full 2>/dev/full")]
    public async Task The_shop_serves_where_nothing_can_be_printed(string redirection)
    {
        if (!OperatingSystem.IsLinux())
        {
            return;
        }

        await using var standalone = await StandaloneProcess.StartAsync(_directory, "127.0.0.1", [RequestLog], redirection: redirection);

        for (var i = 0; i < 20; i++)
        {
            await standalone.Shop.BuyAsync("ada");
        }

        await standalone.Management.UntilRecordedAsync("ada", 20);
        Assert.Equal(0, await standalone.StopAsync());
    }

    [Fact]
    public async Task Output_to_a_shared_file_overwrites_nothing()
    {
        if (!OperatingSystem.IsLinux())
        {
            return;
        }

        var file = Path.Combine(_directory, "output");
        const string Runs = """for settings in --version --Shopping:BatchSize=0 --version; do dotnet "$0" "$settings"; echo between; done""";
        using var shell = Process.Start(new ProcessStartInfo("sh", ["-c", $"exec > '{file}' 2>&1; echo before; {Runs}", Path.Combine(AppContext.BaseDirectory, "ShoppingSystem.Standalone.dll")]))!;
        await shell.WaitForExitAsync();

        var lines = await File.ReadAllLinesAsync(file);

        Assert.Equal("before", lines[0]);
        Assert.StartsWith("ShoppingSystem.Standalone ", lines[1], StringComparison.Ordinal);
        Assert.Equal("between", lines[2]);
        Assert.Contains("Shopping:BatchSize", lines[3], StringComparison.Ordinal);
        Assert.Equal(["between", lines[1], "between"], lines[4..]);
    }

    [Fact]
    public async Task A_refusal_to_start_keeps_its_exit_code_when_it_can_not_be_printed()
    {
        if (OperatingSystem.IsLinux())
        {
            await using var standalone = ChildProcess.Start("ShoppingSystem.Standalone.dll", [], null, ["--Shopping:BatchSize=0"], ">/dev/full 2>&1");

            Assert.Equal(1, await standalone.ExitAsync());
        }
    }

    /// <summary>A pipe takes 64 KiB; what these requests log is many times that, and more than is kept for a reader who is late.</summary>
    [Fact]
    public async Task Output_that_is_not_read_blocks_no_request_and_missing_lines_are_reported_later()
    {
        if (!OperatingSystem.IsLinux())
        {
            return;
        }

        const int Requests = 6000;
        var pipe = Path.Combine(_directory, "output");
        using (var make = Process.Start("mkfifo", pipe))
        {
            await make.WaitForExitAsync();
        }

        // Opened for both, so that neither side waits for the other.
        await using var reader = new FileStream(pipe, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite, bufferSize: 0);
        await using (var standalone = await StandaloneProcess.StartAsync(_directory, "127.0.0.1", [RequestLog], redirection: $">{pipe}"))
        {
            await AskAsync(standalone, Requests);
            await standalone.Shop.BuyAsync("ada");
            await standalone.Management.UntilRecordedAsync("ada", 1);

            var text = "";
            var buffer = new byte[64 * 1024];
            while (!text.Contains("messages are missing here", StringComparison.Ordinal))
            {
                using var timeout = new CancellationTokenSource(ChildProcess.Timeout);
                text = text[Math.Max(0, text.Length - 200)..] + Encoding.UTF8.GetString(buffer, 0, await reader.ReadAsync(buffer, timeout.Token));
            }

            await AskAsync(standalone, Requests / 6);
            Assert.Equal(0, await standalone.StopAsync());
        }
    }

    [Fact]
    public async Task Lines_beyond_the_capacity_are_dropped_and_counted_and_the_others_keep_their_order()
    {
        using var stream = new Held();
        using var output = new ConsoleOutput(stream.Write, Encoding.UTF8, capacity: 30);

        output.WriteLine("taken at once");
        await Eventually.TrueAsync(() => stream.IsWaitedFor, "somebody waits, and it is not the writer");
        output.WriteLine("kept for later");
        for (var i = 0; i < 5; i++)
        {
            output.WriteLine("too much, more than there is room for");
        }

        stream.Take();
        output.Drain(ChildProcess.Timeout);
        output.WriteLine("and on");
        output.Drain(ChildProcess.Timeout);

        Assert.Equal(
            ["taken at once", "kept for later", "5 messages are missing here: the output was not taken.", "and on"],
            stream.Text.Split(Environment.NewLine, StringSplitOptions.RemoveEmptyEntries));
    }

    [Fact]
    public void Lines_that_can_not_be_written_are_counted()
    {
        using var stream = new Full();
        using var output = new ConsoleOutput(stream.Write, Encoding.UTF8);
        output.WriteLine("one");
        output.Drain(ChildProcess.Timeout);
        output.WriteLine("two");
        output.Drain(ChildProcess.Timeout);
        stream.IsFull = false;

        output.WriteLine("three");
        output.Drain(ChildProcess.Timeout);

        Assert.Equal(
            ["2 messages are missing here: the output was not taken.", "three"],
            Encoding.UTF8.GetString(stream.ToArray()).Split(Environment.NewLine, StringSplitOptions.RemoveEmptyEntries));
    }

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    private static Task AskAsync(StandaloneProcess standalone, int requests) => Parallel.ForAsync(
        0, requests, new ParallelOptions { MaxDegreeOfParallelism = 16 }, async (_, cancellation) =>
        {
            using var reply = await standalone.Shop.GetAsync("/-/healthy", cancellation);
            Assert.True(reply.IsSuccessStatusCode, "it answers");
        });

    /// <summary>Takes nothing until it is told to.</summary>
    private sealed class Held : MemoryStream
    {
        private readonly ManualResetEventSlim _taken = new();

        public bool IsWaitedFor { get; private set; }

        public string Text => Encoding.UTF8.GetString(ToArray());

        public void Take() => _taken.Set();

        public override void Write(ReadOnlySpan<byte> buffer)
        {
            IsWaitedFor = true;
            _taken.Wait();
            base.Write(buffer);
        }

        protected override void Dispose(bool disposing)
        {
            _taken.Set();
            base.Dispose(disposing);
        }
    }

    private sealed class Full : MemoryStream
    {
        public bool IsFull { get; set; } = true;

        public override void Write(ReadOnlySpan<byte> buffer)
        {
            if (IsFull)
            {
                throw new IOException("No space left on device");
            }

            base.Write(buffer);
        }
    }
}
