using System.Reflection;
using Confluent.Kafka;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Options;

namespace ShoppingSystem.Kafka;

/// <summary>
/// How to talk to the brokers: the section <c>Kafka</c> holds settings of the client under the names that
/// <see cref="ClientConfig"/> has for them (<c>Kafka:SecurityProtocol</c>, <c>Kafka:SaslPassword</c>, …). Encryption and
/// credentials that were only half configured are refused: a client that quietly went without them would send purchases to
/// whoever answers.
/// </summary>
internal static class KafkaConnection
{
    private const string Section = "Kafka";

    /// <summary>Where a client finds its first broker: <c>host:port</c>, separated by commas.</summary>
    public static string Brokers(IConfiguration configuration) =>
        configuration[$"{Section}:{nameof(ClientConfig.BootstrapServers)}"] ?? configuration.GetConnectionString("kafka") ?? "localhost:9092";

    /// <summary>Puts what is configured into <paramref name="config"/>, and checks the outcome.</summary>
    /// <exception cref="OptionsValidationException">It can't be right; the message names the key, and no value that is secret.</exception>
    public static void Read(IConfiguration configuration, ClientConfig config)
    {
        var configured = new ClientConfig();
        var section = configuration.GetSection(Section);
        if (section.GetChildren().FirstOrDefault(setting => !IsKnown(setting.Key)) is { Path: var unknown })
        {
            throw Refusal($"{unknown} is not a setting of the client: {nameof(ClientConfig)} has none of this name.");
        }

        // A protocol that is empty would mean none: passwords that were to be encrypted would not be.
        if (section.GetChildren().FirstOrDefault(setting => setting.Value is { } value && string.IsNullOrWhiteSpace(value)) is { Path: var empty })
        {
            throw Refusal($"{empty} is configured, but empty.");
        }

        try
        {
            section.Bind(configured);
        }
        catch (InvalidOperationException e)
        {
            throw Refusal($"{Section}: {e.Message}");
        }

        foreach (var (name, value) in configured)
        {
            config.Set(name, value);
        }

        Check(config);
        if (configured.Any())
        {
            Try(configured);
        }
    }

    private static bool IsKnown(string name) =>
        typeof(ClientConfig).GetProperty(name, BindingFlags.IgnoreCase | BindingFlags.Instance | BindingFlags.Public) is { CanWrite: true };

    // Certificates, keys and much else only the client itself can judge. Without brokers it talks to nobody.
    private static void Try(ClientConfig configured)
    {
        try
        {
            using var client = new ProducerBuilder<Null, Null>(new ProducerConfig(new ClientConfig(configured)) { BootstrapServers = null })
                .SetLogHandler((_, _) => { })
                .Build();
        }
        catch (InvalidOperationException e)
        {
            var culprit = configured.Select(setting => setting.Key).FirstOrDefault(name => e.Message.Contains(name, StringComparison.Ordinal));
            throw Refusal($"{Section}{(culprit is null ? "" : $":{KeyOf(culprit)}")}: {e.Message}");
        }
    }

    // ssl.ca.location is SslCaLocation.
    private static string KeyOf(string name) => string.Concat(name.Split('.').Select(part => char.ToUpperInvariant(part[0]) + part[1..]));

    private static void Check(ClientConfig config)
    {
        var protocol = config.SecurityProtocol ?? SecurityProtocol.Plaintext;
        var signsIn = protocol is SecurityProtocol.SaslPlaintext or SecurityProtocol.SaslSsl;
        var encrypts = protocol is SecurityProtocol.Ssl or SecurityProtocol.SaslSsl;

        if (signsIn)
        {
            Require(config.SaslMechanism is not null, nameof(config.SaslMechanism), "Plain, ScramSha256 or ScramSha512");
            if (config.SaslMechanism is SaslMechanism.Plain or SaslMechanism.ScramSha256 or SaslMechanism.ScramSha512)
            {
                Require(!string.IsNullOrEmpty(config.SaslUsername), nameof(config.SaslUsername), "the user");
                Require(!string.IsNullOrEmpty(config.SaslPassword), nameof(config.SaslPassword), "the user's password");
            }
        }
        else
        {
            Forbid(config.SaslMechanism is not null, nameof(config.SaslMechanism), SecurityProtocol.SaslSsl);
            Forbid(!string.IsNullOrEmpty(config.SaslUsername), nameof(config.SaslUsername), SecurityProtocol.SaslSsl);
            Forbid(!string.IsNullOrEmpty(config.SaslPassword), nameof(config.SaslPassword), SecurityProtocol.SaslSsl);
        }

        foreach (var (name, path) in (ReadOnlySpan<(string, string?)>)
        [
            (nameof(config.SslCaLocation), config.SslCaLocation),
            (nameof(config.SslCertificateLocation), config.SslCertificateLocation),
            (nameof(config.SslKeyLocation), config.SslKeyLocation),
            (nameof(config.SslKeystoreLocation), config.SslKeystoreLocation),
        ])
        {
            if (!string.IsNullOrEmpty(path))
            {
                Forbid(!encrypts, name, SecurityProtocol.Ssl);
                // "probe" has the client look for the authorities of the system.
                if (path != "probe" && !File.Exists(path) && !Directory.Exists(path))
                {
                    throw Refusal($"{Section}:{name}: there is no file {path}.");
                }
            }
        }

        void Require(bool holds, string name, string what)
        {
            if (!holds)
            {
                throw Refusal($"{Section}:{name} is missing: {Section}:{nameof(config.SecurityProtocol)} is {protocol}, which needs {what}.");
            }
        }

        void Forbid(bool isSet, string name, SecurityProtocol wanted)
        {
            if (isSet)
            {
                throw Refusal(
                    $"{Section}:{name} is set, but {Section}:{nameof(config.SecurityProtocol)} is {protocol}, which makes no use of it. Did you mean {wanted}?");
            }
        }
    }

    private static OptionsValidationException Refusal(string message) => new(Section, typeof(ClientConfig), [message]);
}
