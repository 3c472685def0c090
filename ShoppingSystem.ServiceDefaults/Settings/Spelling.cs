namespace ShoppingSystem.ServiceDefaults;

/// <summary>Finds the existing name that a misspelt name was probably meant to be.</summary>
internal static class Spelling
{
    /// <summary>The most typing errors in one key: a letter too many, too few, a wrong one, or two swapped.</summary>
    public const int Slips = 2;

    /// <summary>
    /// The one of <paramref name="candidates"/> that is nearest to <paramref name="key"/>; null when it differs by more than
    /// <paramref name="most"/> typing errors. The separator between the parts of a key does not count, nor does the section if
    /// only the name is given.
    /// </summary>
    public static string? Nearest(string key, IEnumerable<string> candidates, int most)
    {
        var written = Letters(key);
        var (nearest, slips) = candidates
            .Select(candidate => (candidate, Slips: Distance(written, candidate, isWhole: key.Contains(':', StringComparison.Ordinal))))
            .DefaultIfEmpty(("", int.MaxValue))
            .MinBy(each => each.Item2);
        // A candidate that has almost nothing in common with the key is no help.
        return slips <= most && 2 * slips <= written.Length ? nearest : null;
    }

    private static int Distance(string written, string candidate, bool isWhole) => isWhole
        ? Distance(written, Letters(candidate))
        : Math.Min(Distance(written, Letters(candidate)), Distance(written, Letters(candidate[(candidate.IndexOf(':') + 1)..])));

    private static string Letters(string key) => string.Concat(key.Where(char.IsLetterOrDigit)).ToUpperInvariant();

    // The optimal string alignment distance.
    private static int Distance(string a, string b)
    {
        var (before, last, row) = (new int[b.Length + 1], new int[b.Length + 1], new int[b.Length + 1]);
        for (var j = 0; j <= b.Length; j++)
        {
            row[j] = j;
        }

        for (var i = 1; i <= a.Length; i++)
        {
            (before, last, row) = (last, row, before);
            row[0] = i;
            for (var j = 1; j <= b.Length; j++)
            {
                row[j] = Math.Min(Math.Min(last[j], row[j - 1]) + 1, last[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1));
                if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                {
                    row[j] = Math.Min(row[j], before[j - 2] + 1);
                }
            }
        }

        return row[b.Length];
    }
}
