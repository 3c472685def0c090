using Microsoft.Extensions.Configuration;

namespace ShoppingSystem.AppHost;

/// <summary>Kafka and MongoDB: those that a connection string names, otherwise containers.</summary>
internal static partial class Infrastructure
{
    /// <summary>The connection strings that the services read.</summary>
    public static readonly string[] Names = ["kafka", "shopping"];

    /// <summary>Whether <c>ConnectionStrings:NAME</c> says where it is. What is published brings its own.</summary>
    public static bool IsGiven(this IDistributedApplicationBuilder builder, string name) =>
        builder.ExecutionContext.IsRunMode && !string.IsNullOrEmpty(builder.Configuration.GetConnectionString(name));
}
