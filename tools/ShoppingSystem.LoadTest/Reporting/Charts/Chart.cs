using System.Globalization;
using System.Text;
using System.Xml.Linq;

namespace ShoppingSystem.LoadTest;

/// <summary>Draws lines between two axes: an SVG with a legend. Its colors are those of the page's style sheet.</summary>
internal static class Chart
{
    private const double Left = 58;
    private const double Right = 376;
    private const double Top = 12;
    private const double Bottom = 180;

    private static readonly XNamespace Svg = "http://www.w3.org/2000/svg";

    /// <summary>Draws it.</summary>
    /// <param name="id">Its id on the page.</param>
    /// <param name="head">Its heading.</param>
    /// <param name="axes">The axis below and the one at the left.</param>
    /// <param name="lines">The lines.</param>
    /// <param name="words">A value in words.</param>
    /// <param name="nothing">What it means when there is not one value.</param>
    public static XElement Draw(string id, string head, (Scale X, Scale Y) axes, IReadOnlyList<Line> lines, Func<double, string> words, string nothing)
    {
        var shown = lines.Where(line => line.Values.Any()).ToList();
        return Html.Element(
            "figure", new XAttribute("id", id),
            Html.Element("h3", head),
            shown.Count is 0
                ? Html.Element("p", nothing)
                : Html.Element("ul", Html.Class("legend"), shown.DistinctBy(line => line.Name).Select(line => Html.Element("li", Html.Class(ClassOf(line)), NameOf(line)))),
            new XElement(
                Svg + "svg", new XAttribute("viewBox", "0 0 400 204"), new XAttribute("role", "img"), new XAttribute("aria-labelledby", $"{id}-title {id}-desc"),
                new XElement(Svg + "title", new XAttribute("id", $"{id}-title"), head),
                new XElement(Svg + "desc", new XAttribute("id", $"{id}-desc"), shown.Count is 0 ? nothing : string.Join(" ", shown.Select(line => Extent(line, words)))),
                axes.Y.Ticks.Select(tick => Rule(axes.Y, tick)),
                axes.X.Ticks.Select(tick => Label("middle", X(axes.X, tick.Value), Bottom + 18, tick.Label)),
                // Those of before first, so that they lie below.
                shown.OrderByDescending(line => line.IsBefore)
                    .Select(line => new XElement(Svg + "path", Html.Class(ClassOf(line)), new XAttribute("d", Path(axes.X, axes.Y, line))))));
    }

    private static string ClassOf(Line line) => line.IsBefore ? $"{line.Color} before" : line.Color;

    private static string NameOf(Line line) => line.IsBefore ? $"{line.Name} before" : line.Name;

    private static string Extent(Line line, Func<double, string> words) => $"{NameOf(line)}: {words(line.Values.Min())} to {words(line.Values.Max())}.";

    private static object[] Rule(Scale scale, Tick tick) =>
    [
        new XElement(Svg + "path", Html.Class("rule"), new XAttribute("d", Text($"M{Left:0} {Y(scale, tick.Value):0.#}H{Right:0}"))),
        Label("end", Left - 6, Y(scale, tick.Value) + 4, tick.Label),
    ];

    private static XElement Label(string anchor, double x, double y, string words) => new(
        Svg + "text", new XAttribute("text-anchor", anchor), new XAttribute("x", Text($"{x:0.#}")), new XAttribute("y", Text($"{y:0.#}")), words);

    // A point between two gaps is drawn as a line of no length, which has round ends.
    private static string Path(Scale x, Scale y, Line line)
    {
        var path = new StringBuilder();
        var isOpen = false;
        foreach (var (at, value) in line.Points)
        {
            if (value is { } known)
            {
                var point = Text($"{X(x, at):0.#} {Y(y, known):0.#}");
                path.Append(isOpen ? $"L{point}" : $"M{point}h0");
            }

            isOpen = value is not null;
        }

        return path.ToString();
    }

    private static double X(Scale scale, double value) => Left + scale.Share(value) * (Right - Left);

    private static double Y(Scale scale, double value) => Bottom - scale.Share(value) * (Bottom - Top);

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
