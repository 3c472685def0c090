using System.Globalization;

namespace ShoppingSystem.AppHost;

/// <summary>
/// How the shop scales: the settings of <c>deploy/components/keda</c>, which the other deployment to Kubernetes (Aspirate and
/// kustomize) uses, too. They are explained there.
/// </summary>
internal sealed class Scaling
{
    private static readonly string[] Files = ["log.env", "scaling.env"];

    private readonly Dictionary<string, string> _settings;

    private Scaling(Dictionary<string, string> settings) => _settings = settings;

    /// <summary>Reads the settings of the repository that <paramref name="appHostDirectory"/> is in.</summary>
    public static Scaling Read(string appHostDirectory)
    {
        var folder = Path.Combine(appHostDirectory, "..", "deploy", "components", "keda");
        return new(Files
            .SelectMany(file => File.ReadLines(Path.Combine(folder, file)))
            .Where(line => line.Length > 0 && !line.StartsWith('#'))
            .Select(line => line.Split('=', 2))
            .ToDictionary(parts => parts[0], parts => parts[1]));
    }

    /// <summary>The setting as it is written.</summary>
    public string this[string name] => _settings[name];

    /// <summary>The setting as a number.</summary>
    public int Number(string name) => int.Parse(_settings[name], CultureInfo.InvariantCulture);
}
