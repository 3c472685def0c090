namespace ShoppingSystem.ServiceDefaults;

/// <summary>A setting as its user sees it.</summary>
/// <param name="Key">Its key, such as <c>Shopping:BatchSize</c>; for a list, the key without the index.</param>
/// <param name="Default">Its value when none is configured; null when it has no default.</param>
/// <param name="Description">What it is for, in a few words.</param>
/// <param name="IsList">Whether its values are <c>Key:0</c>, <c>Key:1</c>, ….</param>
public sealed record Setting(string Key, string? Default, string Description, bool IsList = false)
{
    internal string Example => IsList ? $"{Key}:0" : Key;

    /// <summary>Whether <paramref name="key"/> is this setting, or one value of this list.</summary>
    internal bool Is(string key) => IsList
        ? key.StartsWith(Key + ":", StringComparison.OrdinalIgnoreCase) && int.TryParse(key.AsSpan(Key.Length + 1), out _)
        : key.Equals(Key, StringComparison.OrdinalIgnoreCase);
}
