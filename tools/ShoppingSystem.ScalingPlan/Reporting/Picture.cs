using System.Globalization;
using System.Security;
using System.Text;
using ShoppingSystem.ScalingPlan.Playing;
using Scale = ShoppingSystem.LoadTest.Scale;

namespace ShoppingSystem.ScalingPlan.Reporting;

/// <summary>A play as a picture: one SVG file without references to others, for light and dark pages.</summary>
internal static class Picture
{
    private const double Left = 76;
    private const double Width = 704;
    private const double Height = 120;
    private const double Between = 62;
    private const int MostPoints = 352;

    private const string Style = """
          <style>
            text { font: 13px system-ui, sans-serif; fill: #59636e } .head { font-weight: 600; fill: #1f2328 } .rule { stroke: #d1d9e0 } path { fill: none; stroke-width: 1 }
            .a { stroke: #0969da; stroke-width: 2 } .b { stroke: #1a7f37; stroke-width: 2 } .c { stroke: #bc4c00; stroke-width: 2 } .wanted { stroke-dasharray: 3 3; stroke-width: 1.5 }
            text.a, text.b, text.c { stroke: none } text.a { fill: #0969da } text.b { fill: #1a7f37 } text.c { fill: #bc4c00 } .area { fill: #0969da; fill-opacity: .2 }
            @media (prefers-color-scheme: dark) { text { fill: #9198a1 } .head { fill: #f0f6fc } .rule { stroke: #3d444d }
              .a { stroke: #4493f8 } .b { stroke: #3fb950 } .c { stroke: #db6d28 } text.a { fill: #4493f8 } text.b { fill: #3fb950 } text.c { fill: #db6d28 } .area { fill: #4493f8 } }
          </style>
        """;

    /// <summary>Draws it.</summary>
    /// <param name="title">The description, for readers who can't see the picture.</param>
    /// <param name="seconds">Each second of it.</param>
    public static string Draw(string title, IReadOnlyList<Second> seconds)
    {
        var bucket = (seconds.Count + MostPoints - 1) / MostPoints;
        var buckets = seconds.Chunk(bucket).ToList();
        var svg = new StringBuilder();
        svg.AppendLine(CultureInfo.InvariantCulture, $"<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 800 {Bottom(2) + 34:0}\" role=\"img\" aria-labelledby=\"title\">");
        svg.AppendLine(CultureInfo.InvariantCulture, $"  <title id=\"title\">{SecurityElement.Escape(title)}</title>");
        svg.AppendLine(Style);

        Panel(0, "purchases a second", [
            new("b", "recorded", Mean(second => second.Recorded)),
            new("c", "begun by customers", Mean(second => second.Arrived))]);
        Panel(1, "customers who wait", [
            new("a area", "to see it in the history", Max(second => second.Lag)),
            new("c", "to be told that it is bought", Max(second => second.WaitingToBuy))]);
        Panel(2, "pods, dashed while only wanted", [
            new("c wanted", "", Last(second => second.WebWanted)),
            new("c", "web servers", Last(second => second.WebReady)),
            new("b wanted", "", Last(second => second.RecordersWanted)),
            new("b", "recorders", Last(second => second.RecordersReady))]);

        foreach (var (at, label) in Scale.OfTime(seconds.Count, 8).Ticks)
        {
            Text("", "middle", Left + Width * at / seconds.Count, Bottom(2) + 22, label);
        }

        return svg.AppendLine("</svg>").ToString();

        double[] Mean(Func<Second, double> value) => [.. buckets.Select(bucket => bucket.Average(value))];
        double[] Max(Func<Second, double> value) => [.. buckets.Select(bucket => bucket.Max(value))];
        double[] Last(Func<Second, double> value) => [.. buckets.Select(bucket => value(bucket[^1]))];

        void Panel(int number, string head, Line[] lines)
        {
            var scale = Scale.Of(lines.Max(line => line.Values.Max()), 4);
            Text("head", "start", Left, Bottom(number) - Height - 16, head);
            var x = Left + 24 + 7.4 * head.Length;
            foreach (var line in lines.Where(line => line.Name.Length > 0))
            {
                Text(line.Style.Split(' ')[0], "start", x, Bottom(number) - Height - 16, line.Name);
                x += 24 + 6.6 * line.Name.Length;
            }

            foreach (var (value, label) in scale.Ticks)
            {
                var y = Bottom(number) - value * Height / scale.High;
                svg.AppendLine(CultureInfo.InvariantCulture, $"  <path class=\"rule\" d=\"M{Left:0} {y:0.#}h{Width:0}\"/>");
                Text("", "end", Left - 8, y + 4, label);
            }

            foreach (var line in lines)
            {
                svg.AppendLine(CultureInfo.InvariantCulture, $"  <path class=\"{line.Style}\" d=\"{Path(line, Bottom(number), scale.High)}\"/>");
            }
        }

        // As steps, one for each bucket; equal neighbours are drawn as one line.
        string Path(Line line, double bottom, double top)
        {
            var area = line.Style.EndsWith(" area", StringComparison.Ordinal);
            var path = new StringBuilder();
            path.Append(CultureInfo.InvariantCulture, $"M{Left:0} {(area ? bottom : Y(line.Values[0])):0.#}");
            var last = "";
            for (var i = 0; i < line.Values.Length; i++)
            {
                var y = string.Create(CultureInfo.InvariantCulture, $"{Y(line.Values[i]):0.#}");
                if (y != last)
                {
                    path.Append(CultureInfo.InvariantCulture, $"H{Left + Width * i * bucket / seconds.Count:0.#}V{y}");
                    last = y;
                }
            }

            path.Append(CultureInfo.InvariantCulture, $"H{Left + Width:0}");
            return area ? path.Append(CultureInfo.InvariantCulture, $"V{bottom:0.#}Z").ToString() : path.ToString();

            double Y(double value) => bottom - value * Height / top;
        }

        void Text(string style, string anchor, double x, double y, string words) => svg.AppendLine(
            CultureInfo.InvariantCulture, $"  <text class=\"{style}\" text-anchor=\"{anchor}\" x=\"{x:0.#}\" y=\"{y:0.#}\">{words}</text>");
    }

    private static double Bottom(int panel) => 42 + Height + panel * (Height + Between);

    private sealed record Line(string Style, string Name, double[] Values);
}
