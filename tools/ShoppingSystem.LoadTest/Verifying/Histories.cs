using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.RegularExpressions;

namespace ShoppingSystem.LoadTest;

/// <summary>A purchase as the history shows it.</summary>
internal sealed record HistoryEntry(
    [property: JsonPropertyName("id")] Guid Id,
    [property: JsonPropertyName("userid")] string? UserId,
    [property: JsonPropertyName("price")] decimal Price,
    [property: JsonPropertyName("item")] string? Item);

/// <summary>Why a history could not be read.</summary>
/// <param name="message">Which page it was, and what the result was.</param>
/// <param name="isFinal">Whether another request would have the same result.</param>
/// <param name="inner">The cause.</param>
internal sealed class HistoryException(string message, bool isFinal = false, Exception? inner = null) : Exception(message, inner)
{
    public bool IsFinal { get; } = isFinal;
}

/// <summary>Reads users' histories and summaries through the web server, as a customer would.</summary>
internal sealed partial class Histories(HttpClient http, Uri url)
{
    private const int PageLength = 1000;

    /// <summary>A user's whole history, newest first, page by page.</summary>
    /// <exception cref="HistoryException">The server does not answer, or its answer is not as specified.</exception>
    public async IAsyncEnumerable<IReadOnlyList<HistoryEntry>> ReadAsync(
        string userId, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancel)
    {
        var pages = new HashSet<(Guid First, Guid Last, int Length)>();
        for (var page = PageOf(userId, PageLength); page is not null;)
        {
            var (entries, next) = await ReadPageAsync(page, isFollowed: pages.Count > 0, cancel);
            yield return entries;
            // A history must end. Pages that are repeated or empty would never lead to its end.
            if (next is not null && (entries is not [var first, ..] || !pages.Add((first.Id, entries[^1].Id, entries.Count))))
            {
                throw new HistoryException($"GET {page.PathAndQuery}: its Link leads to {next.PathAndQuery}, and no further: this page is {(entries is [] ? "empty" : "one that was there before")}", isFinal: true);
            }

            page = next;
        }
    }

    /// <summary>A user's latest purchase; null when there is none yet.</summary>
    /// <exception cref="HistoryException">The server does not answer, or its answer is not as specified.</exception>
    public async Task<HistoryEntry?> ReadLatestAsync(string userId, CancellationToken cancel) =>
        (await ReadPageAsync(PageOf(userId, 1), isFollowed: false, cancel)).Entries is [var latest, ..] ? latest : null;

    /// <summary>How many purchases of a user are recorded; null when the server has no summaries.</summary>
    /// <exception cref="HistoryException">The server does not answer, or its answer is not as specified.</exception>
    public Task<long?> CountAsync(string userId, CancellationToken cancel) =>
        GetAsync(new Uri(url, $"api/v1/users/{userId}/summary"), async response =>
        {
            if (response.StatusCode is System.Net.HttpStatusCode.NotFound)
            {
                return null;
            }

            response.EnsureSuccessStatusCode();
            return (await response.Content.ReadFromJsonAsync(HistoryJson.Default.Summary, cancel))?.Purchases;
        }, cancel);

    private Uri PageOf(string userId, int limit) => new(url, $"api/v1/getAllUserBuys/{userId}?limit={limit}");

    // The server itself wrote the Link that is followed: if the page is not there, another request would not help.
    private Task<(IReadOnlyList<HistoryEntry> Entries, Uri? Next)> ReadPageAsync(Uri page, bool isFollowed, CancellationToken cancel) =>
        GetAsync<(IReadOnlyList<HistoryEntry>, Uri?)>(page, async response =>
        {
            if (isFollowed && (int)response.StatusCode is >= 300 and < 500 and not (408 or 429))
            {
                throw new HistoryException($"GET {page.PathAndQuery}: the Link of the page before led here, but the answer is {(int)response.StatusCode}", isFinal: true);
            }

            response.EnsureSuccessStatusCode();
            var entries = await response.Content.ReadFromJsonAsync(HistoryJson.Default.ListHistoryEntry, cancel);
            return (entries ?? [], NextOf(page, response.Headers));
        }, cancel);

    private async Task<T> GetAsync<T>(Uri uri, Func<HttpResponseMessage, Task<T>> read, CancellationToken cancel)
    {
        try
        {
            using var response = await http.GetAsync(uri, HttpCompletionOption.ResponseHeadersRead, cancel);
            return await read(response);
        }
        catch (Exception e) when (e is HttpRequestException or IOException or JsonException
            || (e is OperationCanceledException && !cancel.IsCancellationRequested))
        {
            throw new HistoryException($"GET {uri.PathAndQuery}: {e.Message}", inner: e);
        }
    }

    private static Uri? NextOf(Uri page, HttpResponseHeaders headers)
    {
        if (!headers.TryGetValues("Link", out var links) || NextLink().Match(string.Join(", ", links)) is not { Success: true } link)
        {
            return null;
        }

        return Uri.TryCreate(page, link.Groups[1].Value, out var next) && next.Scheme is "http" or "https"
            ? next
            : throw new HistoryException($"GET {page.PathAndQuery}: its Link can't be followed: {link.Value}", isFinal: true);
    }

    [GeneratedRegex("""<([^>]*)>\s*;[^,<]*\brel="?next\b""", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex NextLink();
}

/// <summary>The part of a user's summary that is used here.</summary>
internal sealed record Summary([property: JsonPropertyName("purchases")] long Purchases);

[JsonSerializable(typeof(List<HistoryEntry>))]
[JsonSerializable(typeof(Summary))]
internal sealed partial class HistoryJson : JsonSerializerContext;
