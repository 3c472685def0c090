using ShoppingSystem.LoadTest;

// Handles replies on the thread that receives them instead of handing them to the pool, whose threads spin before
// they sleep: a quarter less processor time per purchase at full speed, two thirds less at a few thousand per second.
// The runtime reads this before the first socket is created.
Environment.SetEnvironmentVariable("DOTNET_SYSTEM_NET_SOCKETS_INLINE_COMPLETIONS", "1");

return await CommandLine.InvokeAsync(args, RunAsync, Console.Out, Console.Error);

static async Task<int> RunAsync(LoadTestOptions options)
{
    using var signals = new StopSignals();
    Task<LoadTestResult> Run(ILoadTestObserver observer) => LoadTestRun.RunAsync(options.Plan, observer, signals.Stop, signals.Abort);

    var console = Terminal.Open();
    var result = Console.IsOutputRedirected
        ? await Run(new PlainDisplay(Console.Out))
        : await TerminalDisplay.RunAsync(console, Run);

    var report = ReportDocument.From(result, options.Arguments);
    FinalReport.Print(console, report);
    await JsonReport.WriteAsync(options.JsonFile, report);
    if (options.HtmlFile is { } page)
    {
        await ReportPage.WriteAsync(page, report, options.Baseline);
        if (options.Open && PageOpener.Open(page) is { } problem)
        {
            await Console.Error.WriteLineAsync($"{page} could not be opened: {problem}");
        }
    }

    return ExitCode.Of(result);
}
