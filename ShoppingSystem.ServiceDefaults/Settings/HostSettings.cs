using System.Collections;
using System.Collections.Frozen;
using System.ComponentModel;
using System.Globalization;
using System.Reflection;
using Microsoft.Extensions.Configuration;

namespace ShoppingSystem.ServiceDefaults;

/// <summary>
/// All settings of a host. <c>--help</c> lists them, and all configured keys are checked against them: otherwise a misspelt key
/// would be ignored silently.
/// </summary>
/// <param name="summary">What the program is, in one line.</param>
public sealed class HostSettings(string summary)
{
    // The settings that ServiceDefaults itself reads.
    private static readonly Setting[] Shared =
    [
        new("PathBase", null, "a path (/shop) before the routes that a proxy leaves in place"),
        new("Proxies", null, "networks (10.0.0.0/8) of proxies whose X-Forwarded-For, -Proto and -Prefix are believed", IsList: true),
        new("Secrets:Directory", null, "a directory whose files are settings: Management__ApiKey, …"),
        .. Of(ShutdownOptions.Section, new ShutdownOptions()),
    ];

    private readonly List<Setting> _settings = [];
    private readonly Dictionary<string, string> _absent = new(StringComparer.OrdinalIgnoreCase);
    private readonly HashSet<string> _elsewhere = new(StringComparer.OrdinalIgnoreCase);
    private readonly Dictionary<string, string> _summarized = new(StringComparer.OrdinalIgnoreCase);
    private readonly List<Action<IConfiguration>> _checks = [];
    private readonly List<(string Usage, string Description)> _commands = [];
    private FrozenSet<string>? _sections;

    internal string Summary => summary;

    internal IReadOnlyList<(string Usage, string Description)> Commands => _commands;

    /// <summary>The settings that the host has.</summary>
    public IEnumerable<Setting> All => _settings.Concat(Shared);

    /// <summary>The settings that <c>--help</c> lists one by one.</summary>
    internal IEnumerable<Setting> Listed => All.Where(setting => !_summarized.ContainsKey(SectionOf(setting.Key)));

    /// <summary>The sections that <c>--help</c> describes with one line each.</summary>
    internal IEnumerable<Setting> Summarized => _summarized.Select(section => new Setting($"{section.Key}:…", null, section.Value));

    /// <summary>The sections in which an unknown key is an error.</summary>
    private FrozenSet<string> Sections => _sections ??= All.Select(setting => setting.Key).Concat(_elsewhere).Select(SectionOf)
        .Where(section => !FrameworkSettings.IsRoot(section)).Concat(_absent.Keys).ToFrozenSet(StringComparer.OrdinalIgnoreCase);

    /// <summary>Adds the settings of an options class: each property that can be set, with its default and its <see cref="DescriptionAttribute"/>.</summary>
    public HostSettings With<TOptions>(string section) where TOptions : class, new() => With(section, new TOptions());

    /// <summary>The same, with the defaults of this host.</summary>
    public HostSettings With<TOptions>(string section, TOptions defaults) where TOptions : class, new()
    {
        _settings.AddRange(Of(section, defaults));
        _checks.Add(configuration => configuration.Read<TOptions>(section));
        return this;
    }

    /// <summary>Adds one setting.</summary>
    public HostSettings With(string key, string? defaultValue, string description)
    {
        _settings.Add(new(key, defaultValue, description));
        return this;
    }

    /// <summary>Adds a setting that is sent in a header.</summary>
    public HostSettings WithHeader(string key, string description)
    {
        _checks.Add(configuration =>
        {
            if (configuration[key] is { } value && (value != value.Trim() || value.Any(char.IsControl)))
            {
                throw new ConfigurationException($"{key} begins or ends with a space, or has a control character: no header can carry it.");
            }
        });
        return With(key, null, description);
    }

    /// <summary>Adds the settings of a third-party class that has too many to list: <c>--help</c> describes them with one line.</summary>
    public HostSettings WithAll(Type type, string section, string description)
    {
        _summarized.Add(section, description);
        _settings.AddRange(Properties(type).Select(property => new Setting($"{section}:{property.Name}", null, "")));
        return this;
    }

    /// <summary>
    /// Adds settings that only the other service of the cluster uses: the two services may share their environment. If they are
    /// spelt correctly they are ignored; on the command line they are refused.
    /// </summary>
    public HostSettings Share(string section, params ReadOnlySpan<string> names)
    {
        foreach (var name in names)
        {
            _elsewhere.Add($"{section}:{name}");
        }

        return this;
    }

    /// <summary>
    /// The same for the settings of the other service's class that this host's class (<see cref="WithAll"/>) does not have.
    /// </summary>
    public HostSettings ShareAll(Type type, string section)
    {
        var own = _settings.Select(setting => setting.Key).ToHashSet(StringComparer.OrdinalIgnoreCase);
        _elsewhere.UnionWith(Properties(type).Select(property => $"{section}:{property.Name}").Where(key => !own.Contains(key)));
        return this;
    }

    /// <summary>Adds sections in which every key is refused, because the host has nothing that they could configure.</summary>
    public HostSettings Without(string reason, params ReadOnlySpan<string> sections)
    {
        foreach (var section in sections)
        {
            _absent.Add(section, reason);
        }

        return this;
    }

    /// <summary>Adds a command, which the first argument names and which runs instead of the server; for <c>--help</c>.</summary>
    public HostSettings Command(string usage, string description)
    {
        _commands.Add((usage, description));
        return this;
    }

    /// <exception cref="ConfigurationException">An argument is not valid; the message names it.</exception>
    internal void Check(IEnumerable<string> arguments)
    {
        foreach (var key in CommandLineArguments.Keys(arguments))
        {
            var complaint = _elsewhere.Contains(key) ? $"{key} is a setting of the other service."
                : IsOurs(key) ? ComplaintOf(key, "is not a setting")
                : FrameworkSettings.Knows(key) ? NearMiss(key)
                : $"{key} is not an option.{Suggest(key)}";
            if (complaint is not null)
            {
                throw new ConfigurationException($"--{complaint} --help lists the settings.");
            }
        }
    }

    /// <exception cref="ConfigurationException">
    /// A configured key or value is not valid; the message names the key and where it comes from.
    /// </exception>
    internal void Check(IConfigurationRoot configuration)
    {
        foreach (var (key, value) in configuration.AsEnumerable())
        {
            if (value is not null && Complaint(key, value) is { } complaint)
            {
                throw new ConfigurationException(complaint);
            }
        }

        _checks.ForEach(check => check(configuration));

        string? Complaint(string key, string value)
        {
            var hasSection = key.Contains(':', StringComparison.Ordinal);
            var isFrameworks = FrameworkSettings.Knows(key);
            if (hasSection && !isFrameworks && IsOurs(key))
            {
                return ComplaintOf(key, $"is not a setting ({Origin.Of(configuration, key)})") ?? Empty(key, value);
            }

            // All programs share the environment: a variable is checked only if it is in a section of the host or the framework.
            return hasSection && isFrameworks || !Origin.IsEnvironment(configuration, key) ? NearMiss(key) : null;
        }
    }

    private string? ComplaintOf(string key, string complaint) =>
        _absent.TryGetValue(SectionOf(key), out var reason) ? $"{key} is set, but {reason}."
        : _elsewhere.Contains(key) || All.Any(setting => setting.Is(key)) ? null
        : $"{key} {complaint}.{Suggest(key)}";

    private string? Empty(string key, string value) => string.IsNullOrWhiteSpace(value) && !_elsewhere.Contains(key) ? $"{key} is configured, but empty." : null;

    /// <summary>An error message if <paramref name="key"/> is not a setting but is spelt almost like one.</summary>
    private string? NearMiss(string key)
    {
        if (Candidates().Any(candidate => IsOrIsBelow(key, candidate)))
        {
            return null;
        }

        var parts = key.Split(':');
        var meant = Spelling.Nearest(key, Candidates().Where(candidate => parts.Length == 1 || candidate.Split(':').Length == parts.Length), Spelling.Slips);
        if (meant is null && parts.Length > 2)
        {
            // Logging:LogLevl:Default is below a section that is almost Logging:LogLevel.
            meant = Spelling.Nearest($"{parts[0]}:{parts[1]}", FrameworkSettings.Names.Where(name => name.Contains(':', StringComparison.Ordinal)), Spelling.Slips);
        }

        return meant is null ? null : $"{key} is not a setting. Did you mean {meant}?";
    }

    private string Suggest(string key) =>
        Spelling.Nearest(key, Candidates(), Math.Max(Spelling.Slips + 1, key.Length / 3)) is { } meant ? $" Did you mean {meant}?"
        : All.Where(setting => SectionOf(setting.Key).Equals(SectionOf(key), StringComparison.OrdinalIgnoreCase)).ToList() is { Count: > 0 and < 20 } section
            ? $" There are {string.Join(", ", section.Select(setting => setting.Example))}."
            : "";

    private IEnumerable<string> Candidates() => All.Select(setting => setting.Example).Concat(_elsewhere).Concat(FrameworkSettings.Names);

    private bool IsOurs(string key) => Sections.Contains(SectionOf(key));

    // Logging:LogLevel:Default is below Logging:LogLevel.
    private static bool IsOrIsBelow(string key, string other) =>
        key.Equals(other, StringComparison.OrdinalIgnoreCase) || key.StartsWith(other + ":", StringComparison.OrdinalIgnoreCase);

    private static string SectionOf(string key) => key.Split(':')[0];

    private static IEnumerable<Setting> Of<TOptions>(string section, TOptions defaults) where TOptions : class =>
        Properties(typeof(TOptions)).Select(property => new Setting(
            $"{section}:{property.Name}", Format(property.GetValue(defaults)),
            property.GetCustomAttribute<DescriptionAttribute>()?.Description ?? "",
            property.PropertyType != typeof(string) && property.PropertyType.IsAssignableTo(typeof(IEnumerable))));

    private static IEnumerable<PropertyInfo> Properties(Type type) =>
        type.GetProperties(BindingFlags.Instance | BindingFlags.Public).Where(property => property.SetMethod is { IsPublic: true } && property.GetIndexParameters().Length == 0);

    private static string? Format(object? value) => value switch
    {
        null => null,
        bool flag => flag ? "true" : "false",
        string text => text,
        IEnumerable => null,
        _ => Convert.ToString(value, CultureInfo.InvariantCulture),
    };
}
