using BenchmarkDotNet.Configs;
using BenchmarkDotNet.Diagnosers;
using BenchmarkDotNet.Jobs;
using BenchmarkDotNet.Running;

// The performance-critical pieces, one by one: time and memory of each, compared with the obvious code.
//   dotnet run -c Release --project bench/ShoppingSystem.Benchmarks -- --filter '*'
// Short runs, because they show well enough what to look at; --job default takes BenchmarkDotNet's own time for exact figures.
var config = ManualConfig.Create(DefaultConfig.Instance).AddDiagnoser(MemoryDiagnoser.Default).WithOptions(ConfigOptions.DisableOptimizationsValidator);
BenchmarkSwitcher.FromAssembly(typeof(Program).Assembly).Run(args, args.Contains("--job") ? config : config.AddJob(Job.ShortRun));
