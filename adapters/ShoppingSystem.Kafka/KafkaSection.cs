using System.Globalization;
using System.Reflection;
using Confluent.Kafka;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Options;

namespace ShoppingSystem.Kafka;

/// <summary>
/// The section <c>Kafka</c>: settings of the client under the names of the properties of <see cref="ProducerConfig"/> and
/// <see cref="ConsumerConfig"/> (<c>Kafka:SecurityProtocol</c>, <c>Kafka:LingerMs</c>, …). The two services may share their
/// environment, so settings that only the other service's client has are ignored. Settings that durability depends on can't be changed.
/// </summary>
internal static class KafkaSection
{
    public const string Name = "Kafka";

    private static readonly Type[] s_configs = [typeof(ProducerConfig), typeof(ConsumerConfig)];

    // Only is the one value that is allowed; null when none is.
    private static readonly Dictionary<string, (object? Only, string Why)> s_fixed = new(StringComparer.OrdinalIgnoreCase)
    {
        [nameof(ClientConfig.BootstrapServers)] = (null, "the brokers are set by ConnectionStrings:kafka"),
        [nameof(ClientConfig.Acks)] = (Acks.All, "a purchase is acknowledged when all in-sync replicas have it"),
        [nameof(ClientConfig.AllowAutoCreateTopics)] = (false, "the topic would be made with another number of partitions than Shopping:Partitions"),
        [nameof(ProducerConfig.EnableIdempotence)] = (true, "what the client sends again would be written twice"),
        [nameof(ProducerConfig.EnableDeliveryReports)] = (true, "purchases are acknowledged by them"),
        [nameof(ProducerConfig.EnableBackgroundPoll)] = (null, "the log itself decides on which thread it gets the delivery reports"),
        [nameof(ProducerConfig.EnableGaplessGuarantee)] = (false, "the first purchase that can't be written in time would end the service"),
        [nameof(ProducerConfig.TransactionalId)] = (null, "purchases are appended without transactions"),
        [nameof(ProducerConfig.MessageTimeoutMs)] = (null, "it is set by Shopping:AppendDeadline"),
        [nameof(ProducerConfig.QueueBufferingMaxMessages)] = (null, "it is set by Shopping:MaxPendingAppends"),
        [nameof(ConsumerConfig.GroupId)] = (null, "it is set by Shopping:ConsumerGroup"),
        [nameof(ConsumerConfig.EnableAutoCommit)] = (false, "what was read and not yet recorded would be lost"),
        [nameof(ConsumerConfig.EnableAutoOffsetStore)] = (false, "what was read and not yet recorded would be lost"),
        [nameof(ConsumerConfig.AutoOffsetReset)] = (AutoOffsetReset.Earliest, "what was bought before a group's first start would never be recorded"),
        [nameof(ConsumerConfig.EnablePartitionEof)] = (true, "the recorder needs it to know its lag"),
        [nameof(ConsumerConfig.PartitionAssignmentStrategy)] = (PartitionAssignmentStrategy.CooperativeSticky, "partitions are handed over one by one"),
        [nameof(ConsumerConfig.IsolationLevel)] = (IsolationLevel.ReadCommitted, "events of aborted transactions would be recorded"),
        [nameof(ConsumerConfig.ConsumeResultFields)] = ("all", "events are recorded with their time and their trace"),
    };

    /// <summary>Copies the configuration into <paramref name="config"/>.</summary>
    /// <returns>The configuration keys, by the client's own names: <c>Kafka:SocketTimeoutMs</c> under <c>socket.timeout.ms</c>.</returns>
    /// <exception cref="OptionsValidationException">A key is unknown or a value impossible; the message names the key, and never the value.</exception>
    public static Dictionary<string, string> Bind(IConfiguration configuration, ClientConfig config)
    {
        var keys = new Dictionary<string, string>();
        foreach (var setting in configuration.GetSection(Name).GetChildren())
        {
            var (type, property) = s_configs.Select(type => (type, Property: Find(type, setting.Key))).FirstOrDefault(found => found.Property is not null);
            if (property is null)
            {
                throw Refusal($"{setting.Path} is not a setting of the client: neither {nameof(ProducerConfig)} nor {nameof(ConsumerConfig)} has one of this name.");
            }

            var key = $"{Name}:{property.Name}";
            // An empty protocol would mean plaintext: passwords would be sent without the encryption that was intended.
            if (string.IsNullOrWhiteSpace(setting.Value))
            {
                throw Refusal($"{key} is configured, but empty.");
            }

            var value = Parse(type, property, setting.Value);
            if (s_fixed.TryGetValue(property.Name, out var rule) && (rule.Only is null || !rule.Only.Equals(value)))
            {
                throw Refusal($"{key} can't be set{(rule.Only is null ? "" : $" to anything but {rule.Only}")}: {rule.Why}.");
            }

            if (value is null)
            {
                throw Refusal(property.PropertyType is { IsGenericType: true } nullable && nullable.GetGenericArguments()[0] is { IsEnum: true }
                    ? $"{key} is none of {string.Join(", ", Legal(type, property))}."
                    : $"{key} is not {(ValueType(property) == typeof(bool) ? "true or false" : "a number that fits")}.");
            }

            if (value is Partitioner.Random)
            {
                throw Refusal($"{key} can't be {value}: a user's purchases would lose their order.");
            }

            if (Find(config.GetType(), setting.Key) is not null)
            {
                foreach (var (name, text) in Settings(type, property, value))
                {
                    config.Set(name, text);
                    keys[name] = key;
                }
            }
        }

        return keys;
    }

    public static OptionsValidationException Refusal(string message) => new(Name, typeof(ClientConfig), [message]);

    private static PropertyInfo? Find(Type type, string name) =>
        type.GetProperties().FirstOrDefault(property => property.SetMethod is { IsPublic: true } && property.Name.Equals(name, StringComparison.OrdinalIgnoreCase));

    private static Type ValueType(PropertyInfo property) => Nullable.GetUnderlyingType(property.PropertyType) ?? property.PropertyType;

    /// <summary>Null when <paramref name="text"/> is not a valid value.</summary>
    private static object? Parse(Type type, PropertyInfo property, string text)
    {
        var wanted = ValueType(property);
        text = text.Trim();
        return wanted == typeof(string) ? text
            : wanted.IsEnum ? ParseEnum(type, property, text)
            : wanted == typeof(bool) ? bool.TryParse(text, out var flag) ? flag : null
            : wanted == typeof(int) ? int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number) ? number : null
            : wanted == typeof(long) ? long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var big) ? big : null
            : wanted == typeof(double) && double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var real) ? real : null;
    }

    // Kafka writes SASL_SSL and SCRAM-SHA-512, .NET SaslSsl and ScramSha512.
    private static object? ParseEnum(Type type, PropertyInfo property, string text)
    {
        var values = Enum.GetValues(ValueType(property)).Cast<object>();
        return values.FirstOrDefault(value =>
            Letters(value.ToString()!) == Letters(text) || KafkasName(type, property, value).Equals(text, StringComparison.OrdinalIgnoreCase)
            || ((int)value).ToString(CultureInfo.InvariantCulture) == text);
    }

    private static string Letters(string name) => string.Concat(name.Where(char.IsLetterOrDigit)).ToUpperInvariant();

    private static IEnumerable<string> Legal(Type type, PropertyInfo property) => Enum.GetValues(ValueType(property)).Cast<object>()
        .Select(value => (Name: value.ToString()!, Kafkas: KafkasName(type, property, value)))
        .Select(value => value.Kafkas.Equals(value.Name, StringComparison.OrdinalIgnoreCase) ? value.Name : $"{value.Name} ({value.Kafkas})");

    private static string KafkasName(Type type, PropertyInfo property, object value) => Settings(type, property, value).FirstOrDefault().Value ?? "";

    private static ClientConfig Settings(Type type, PropertyInfo property, object value)
    {
        var config = (ClientConfig)Activator.CreateInstance(type)!;
        property.SetValue(config, value);
        return config;
    }
}
