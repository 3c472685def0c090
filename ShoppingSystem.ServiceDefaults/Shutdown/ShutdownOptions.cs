using System.ComponentModel;
using System.ComponentModel.DataAnnotations;

namespace ShoppingSystem.ServiceDefaults;

/// <summary>How a host stops (section <c>Shutdown</c>).</summary>
public sealed class ShutdownOptions
{
    /// <summary>The configuration section that these options are read from.</summary>
    public const string Section = "Shutdown";

    /// <summary>
    /// How long a host goes on serving after SIGTERM, while it reports "not ready", so that load balancers take it out and its
    /// clients move to other replicas. Part of the 25 s within which a host stops.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:00", "00:00:15")]
    [Description("how long it goes on serving after SIGTERM while clients are told to connect anew")]
    public TimeSpan DrainTime { get; set; } = TimeSpan.FromSeconds(5);
}
