using ShoppingSystem.ScalingPlan;

return await CommandLine.InvokeAsync(args, Console.Out, Console.Error);
