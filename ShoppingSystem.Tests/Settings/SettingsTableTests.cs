using System.Text.RegularExpressions;
using ShoppingSystem.Kafka;
using ShoppingSystem.Ledger;
using ShoppingSystem.Purchases;
using ShoppingSystem.ServiceDefaults;
using ShoppingSystem.Sqlite;
using ShoppingSystem.Standalone;
using ShoppingSystem.Storefront;
using ShoppingSystem.Tests.Kubernetes;

namespace ShoppingSystem.Tests.Settings;

/// <summary>The table of keys in <c>docs/configuration.md</c> and the options classes say the same.</summary>
public sealed partial class SettingsTableTests
{
    private static readonly HostSettings Options = new HostSettings("all of them")
        .With<StandaloneOptions>(StandaloneOptions.Section)
        .With<PurchaseLogOptions>(PurchaseLogOptions.Section)
        .With<KafkaOptions>(PurchaseLogOptions.Section)
        .With<AdmissionOptions>(AdmissionOptions.Section)
        .With<CrossOriginOptions>(CrossOriginOptions.Section)
        .With<SignInOptions>(SignInOptions.Section)
        .With("Management:ApiKey", null, "read by two modules, neither of which has more to read");

    private static readonly Dictionary<string, string> Table = ReadTable();

    private static readonly string[] Sections = [.. Options.All.Select(setting => setting.Key.Split(':')[0]).Distinct()];

    [Fact]
    public void Every_setting_is_in_the_table() =>
        Assert.All(Options.All, setting => Assert.Contains(Table.Keys, setting.Is));

    [Fact]
    public void Every_key_of_the_table_is_a_setting()
    {
        var ours = Table.Keys.Where(key => Sections.Contains(key.Split(':')[0])).ToList();

        Assert.True(ours.Count > 10, $"{ours.Count} keys are in the table");
        Assert.All(ours, key => Assert.Contains(Options.All, setting => setting.Is(key)));
    }

    [Fact]
    public void The_table_has_the_defaults()
    {
        foreach (var setting in Options.All.Where(setting => !setting.Key.EndsWith("Directory", StringComparison.Ordinal)))
        {
            var written = Table.First(row => setting.Is(row.Key)).Value;
            Assert.True(
                written == (setting.Default ?? "none") || written.StartsWith(setting.Default + " ", StringComparison.Ordinal),
                $"{setting.Key} is {setting.Default ?? "none"} in the code and {written} in docs/configuration.md");
        }
    }

    [Fact]
    public void The_table_names_the_append_deadline_of_the_cluster() =>
        Assert.Equal($"{new PurchaseLogOptions().AppendDeadline} (cluster: {KafkaOptions.LogDefaults.AppendDeadline})", Table["Shopping:AppendDeadline"]);

    [Fact]
    public void Every_public_option_property_is_a_listed_setting()
    {
        Type[] assemblies = [typeof(StandaloneOptions), typeof(PurchaseLogOptions), typeof(KafkaOptions), typeof(AdmissionOptions), typeof(LedgerModule), typeof(EmbeddedStorage), typeof(ShutdownOptions)];
        var classes = assemblies.SelectMany(type => type.Assembly.GetExportedTypes()).Where(type => type.Name.EndsWith("Options", StringComparison.Ordinal)).ToList();

        Assert.NotEmpty(classes);
        Assert.All(
            classes.SelectMany(type => type.GetProperties().Where(property => property.SetMethod is { IsPublic: true })),
            property => Assert.Contains(Options.All, setting => setting.Key.EndsWith($":{property.Name}", StringComparison.Ordinal)));
    }

    [Fact]
    public void Every_setting_has_a_description_for_the_help() => Assert.All(Options.All, setting => Assert.NotEqual("", setting.Description));

    /// <summary>Rows are <c>| `A`, `B` | `1`, `2` | meaning |</c>.</summary>
    private static Dictionary<string, string> ReadTable()
    {
        var lines = File.ReadAllLines(Path.Combine(Tools.Deploy, "..", "docs", "configuration.md"));
        var start = Array.FindIndex(lines, line => line.StartsWith("| key | default |", StringComparison.Ordinal));
        var table = new Dictionary<string, string>();
        foreach (var row in lines.Skip(start + 2).TakeWhile(line => line.StartsWith('|')))
        {
            var cells = row.Split('|', StringSplitOptions.TrimEntries);
            var keys = Quoted().Matches(cells[1]).Select(key => key.Groups[1].Value).Where(key => !key.EndsWith('…')).ToList();
            var defaults = cells[2].Replace("`", "", StringComparison.Ordinal).Split(", ");
            foreach (var (index, key) in keys.Index())
            {
                table.Add(key, defaults.Length == keys.Count ? defaults[index] : cells[2].Replace("`", "", StringComparison.Ordinal));
            }
        }

        return table;
    }

    [GeneratedRegex("`([^`]+)`")]
    private static partial Regex Quoted();
}
