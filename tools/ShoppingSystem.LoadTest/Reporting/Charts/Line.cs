namespace ShoppingSystem.LoadTest;

/// <summary>A line in a chart.</summary>
/// <param name="Name">What it shows.</param>
/// <param name="Color">The class of its color, <c>a</c> to <c>f</c>.</param>
/// <param name="IsBefore">Whether it is of the earlier run, and fainter.</param>
/// <param name="Points">Its points, from left to right; where a value is missing, the line has a gap.</param>
internal sealed record Line(string Name, string Color, bool IsBefore, IReadOnlyList<(double X, double? Y)> Points)
{
    /// <summary>Its values.</summary>
    public IEnumerable<double> Values => Points.Select(point => point.Y).OfType<double>();
}
