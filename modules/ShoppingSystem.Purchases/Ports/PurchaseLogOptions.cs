using System.ComponentModel;
using System.ComponentModel.DataAnnotations;

namespace ShoppingSystem.Purchases;

/// <summary>The settings that every log and feed has (section <c>Shopping</c>).</summary>
public sealed class PurchaseLogOptions
{
    /// <summary>The configuration section that these options are read from.</summary>
    public const string Section = "Shopping";

    /// <summary>How long an append may take; after that it fails.</summary>
    [Range(typeof(TimeSpan), "00:00:00.1", "00:10:00")]
    [Description("how long a purchase may take to become durable before it is refused")]
    public TimeSpan AppendDeadline { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>The most events in one batch of the feed.</summary>
    [Range(1, 100_000)]
    [Description("the most events in one batch of the recorder")]
    public int BatchSize { get; set; } = 1000;
}
