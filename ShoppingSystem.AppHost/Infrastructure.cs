using Microsoft.Extensions.Configuration;

namespace ShoppingSystem.AppHost;

/// <summary>Kafka and MongoDB: from connection strings if they are set, otherwise as containers.</summary>
internal static partial class Infrastructure
{
    /// <summary>The connection strings that the services read.</summary>
    public static readonly string[] Names = ["kafka", "shopping"];

    /// <summary>Whether <c>ConnectionStrings:NAME</c> is set and used. A published shop always has its own containers.</summary>
    public static bool IsGiven(this IDistributedApplicationBuilder builder, string name) =>
        builder.ExecutionContext.IsRunMode && !string.IsNullOrEmpty(builder.Configuration.GetConnectionString(name));
}
