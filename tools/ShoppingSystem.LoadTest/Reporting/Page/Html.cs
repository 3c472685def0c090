using System.Xml;
using System.Xml.Linq;

namespace ShoppingSystem.LoadTest;

/// <summary>Writes HTML that is XML, too: escaped and well-formed by construction.</summary>
internal static class Html
{
    private static readonly XNamespace Namespace = "http://www.w3.org/1999/xhtml";

    /// <summary>An element, with its attributes and content. Without content it has an end tag all the same, which HTML needs.</summary>
    public static XElement Element(string name, params object?[] content) => new(Namespace + name, [.. content, IsVoid(name) ? null : ""]);

    /// <summary>The attribute of that name.</summary>
    public static XAttribute Class(string names) => new("class", names);

    /// <summary>The head of a column.</summary>
    public static XElement ColumnHead(string words) => Element("th", new XAttribute("scope", "col"), words);

    /// <summary>The head of a row.</summary>
    public static XElement RowHead(string words) => Element("th", new XAttribute("scope", "row"), words);

    /// <summary>Writes a page; characters that XML can't have are replaced.</summary>
    public static async Task WriteAsync(string file, XElement html)
    {
        foreach (var text in html.DescendantNodes().OfType<XText>())
        {
            text.Value = Clean(text.Value);
        }

        await using var stream = File.Create(file);
        await using var writer = XmlWriter.Create(stream, new() { Async = true, OmitXmlDeclaration = true, NewLineChars = "\n" });
        await writer.WriteRawAsync("<!DOCTYPE html>\n");
        await html.WriteToAsync(writer, CancellationToken.None);
    }

    private static bool IsVoid(string name) => name is "meta";

    private static string Clean(string text) => text.All(XmlConvert.IsXmlChar)
        ? text
        : string.Concat(text.EnumerateRunes().Select(rune => rune.Utf16SequenceLength > 1 || XmlConvert.IsXmlChar((char)rune.Value) ? rune.ToString() : "\uFFFD"));
}
