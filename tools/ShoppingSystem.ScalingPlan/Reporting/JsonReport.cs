using System.Text.Json;
using System.Text.Json.Serialization;
using ShoppingSystem.ScalingPlan.Playing;

namespace ShoppingSystem.ScalingPlan.Reporting;

/// <summary>A play as JSON, for programs.</summary>
/// <param name="Summary">Its summary.</param>
/// <param name="Seconds">Each second of it.</param>
internal sealed record JsonReport(Summary Summary, IReadOnlyList<Second> Seconds)
{
    /// <summary>Writes it to a file.</summary>
    public async Task WriteAsync(string file)
    {
        await using var stream = File.Create(file);
        await JsonSerializer.SerializeAsync(stream, this, ReportJson.Default.JsonReport);
    }
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(JsonReport))]
internal sealed partial class ReportJson : JsonSerializerContext;
