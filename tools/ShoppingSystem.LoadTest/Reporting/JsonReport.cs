using System.Text.Json;

namespace ShoppingSystem.LoadTest;

/// <summary>The report as JSON, for scripts, and for a later run to be compared with.</summary>
internal static class JsonReport
{
    /// <summary>Writes the report, if a file is named; an existing file is replaced.</summary>
    public static async Task WriteAsync(string? file, ReportDocument report, CancellationToken cancel = default)
    {
        if (file is null)
        {
            return;
        }

        await using var stream = File.Create(file);
        await JsonSerializer.SerializeAsync(stream, report, ReportJson.Default.ReportDocument, cancel);
    }

    /// <summary>Reads what <see cref="WriteAsync"/> wrote.</summary>
    /// <exception cref="FormatException">It can't be read, or is something else; the message says what.</exception>
    public static ReportDocument Read(string file)
    {
        try
        {
            using var json = Parse(file);
            if (json.RootElement is not { ValueKind: JsonValueKind.Object } root || !root.TryGetProperty("runId", out _))
            {
                throw new FormatException("it is JSON, but not the result of a load test");
            }

            var version = root.TryGetProperty("version", out var written) ? written.ToString() : "none";
            if (version != $"{ReportDocument.CurrentVersion}")
            {
                throw new FormatException($"its version is {version}, and this program compares with {ReportDocument.CurrentVersion}");
            }

            var report = root.Deserialize(ReportJson.Default.ReportDocument)!;
            return IsUsable(report) ? report : throw new FormatException("its seconds have times that no run has");
        }
        catch (JsonException e)
        {
            throw new FormatException($"it is not the whole result of a load test: {e.Message}", e);
        }
    }

    private static JsonDocument Parse(string file)
    {
        try
        {
            using var stream = File.OpenRead(file);
            return JsonDocument.Parse(stream);
        }
        catch (JsonException e)
        {
            throw new FormatException($"it is not JSON: {e.Message}", e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException)
        {
            throw new FormatException($"it can't be read: {e.Message}", e);
        }
    }

    // What the types don't say and charts would not end with: times that no run has.
    private static bool IsUsable(ReportDocument report) => report.Seconds.All(second =>
        second is { SinceStart: >= 0, LengthSeconds: > 0 } && second.SinceStart <= TimeSpan.FromDays(366).TotalSeconds);
}
