using System.Globalization;

namespace ShoppingSystem.AppHost;

/// <summary>
/// How the shop scales: the ScaledObjects and settings of <c>deploy/components/keda</c>, which the other deployment to Kubernetes
/// (Aspirate and kustomize) uses, too. They are explained there.
/// </summary>
internal sealed class Scaling
{
    private static readonly string[] Files = ["log.env", "scaling.env"];

    private readonly string _folder;
    private readonly Dictionary<string, string> _settings;

    private Scaling(string folder, Dictionary<string, string> settings) => (_folder, _settings) = (folder, settings);

    /// <summary>Reads the settings of the repository that <paramref name="appHostDirectory"/> is in.</summary>
    public static Scaling Read(string appHostDirectory)
    {
        var folder = Path.Combine(appHostDirectory, "..", "deploy", "components", "keda");
        return new(folder, Files
            .SelectMany(file => File.ReadLines(Path.Combine(folder, file)))
            .Where(line => line.Length > 0 && !line.StartsWith('#'))
            .Select(line => line.Split('=', 2))
            .ToDictionary(parts => parts[0], parts => parts[1]));
    }

    /// <summary>The setting as it is written.</summary>
    public string this[string name] => _settings[name];

    /// <summary>The setting as a number.</summary>
    public int Number(string name) => int.Parse(_settings[name], CultureInfo.InvariantCulture);

    /// <summary>The ScaledObject of a service as it is written: without the settings.</summary>
    public Manifest ScaledObject(string service) => Manifest.Read(Path.Combine(_folder, $"{service}.yaml")).Single();
}
