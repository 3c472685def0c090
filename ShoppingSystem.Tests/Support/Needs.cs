using System.Runtime.CompilerServices;

namespace ShoppingSystem.Tests.Support;

/// <summary>Something that not every machine has.</summary>
internal interface INeed
{
    /// <summary>Why it can't be had here, as it is shown for a skipped test; null where it can.</summary>
    static abstract string? WhyNot { get; }
}

/// <summary>A test that needs <typeparamref name="TNeed"/>; skipped, with the reason, where that can't be had.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class NeedsFactAttribute<TNeed> : FactAttribute
    where TNeed : INeed
{
    public NeedsFactAttribute([CallerFilePath] string? file = null, [CallerLineNumber] int line = -1)
        : base(file, line) => Skip = TNeed.WhyNot;
}

/// <inheritdoc cref="NeedsFactAttribute{TNeed}"/>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class NeedsTheoryAttribute<TNeed> : TheoryAttribute
    where TNeed : INeed
{
    public NeedsTheoryAttribute([CallerFilePath] string? file = null, [CallerLineNumber] int line = -1)
        : base(file, line) => Skip = TNeed.WhyNot;
}

/// <summary>One and the other.</summary>
internal sealed class Both<TOne, TOther> : INeed
    where TOne : INeed
    where TOther : INeed
{
    public static string? WhyNot => TOne.WhyNot ?? TOther.WhyNot;
}
