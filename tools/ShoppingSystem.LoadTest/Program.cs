using ShoppingSystem.LoadTest;

return await CommandLine.InvokeAsync(args, RunAsync, Console.Out, Console.Error);

static async Task<int> RunAsync(LoadTestOptions options)
{
    using var signals = new StopSignals();
    Task<LoadTestResult> Run(ILoadTestObserver observer) => LoadTestRun.RunAsync(options.Plan, observer, signals.Stop, signals.Abort);

    var console = Terminal.Open();
    var result = Console.IsOutputRedirected
        ? await Run(new PlainDisplay(Console.Out))
        : await TerminalDisplay.RunAsync(console, Run);

    FinalReport.Print(console, result);
    await JsonReport.WriteAsync(options.JsonFile, result);
    return ExitCode.Of(result);
}
