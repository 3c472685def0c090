using System.ComponentModel;
using System.ComponentModel.DataAnnotations;

namespace ShoppingSystem.ServiceDefaults;

/// <summary>How a host ends (section <c>Shutdown</c>).</summary>
public sealed class ShutdownOptions
{
    /// <summary>The configuration section that these options are read from.</summary>
    public const string Section = "Shutdown";

    /// <summary>
    /// How long a host goes on serving after SIGTERM, unready, until whoever balances the load has taken it out and its clients
    /// have gone elsewhere. Part of the 25 s within which a host has ended.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:00", "00:00:15")]
    [Description("how long it goes on serving after SIGTERM while clients are told to connect anew")]
    public TimeSpan DrainTime { get; set; } = TimeSpan.FromSeconds(5);
}
