using System.Net;
using System.Text.RegularExpressions;
using Confluent.Kafka;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Options;

namespace ShoppingSystem.Kafka;

/// <summary>
/// How to connect to the brokers: <c>ConnectionStrings:kafka</c> and the section <c>Kafka</c> (<see cref="KafkaSection"/>).
/// Incomplete settings for encryption or credentials are refused: a client that silently ignored them would send
/// purchases to any server that answers.
/// </summary>
internal static partial class KafkaConnection
{
    /// <summary>The name of the connection string.</summary>
    public const string Name = "kafka";

    private const string Section = KafkaSection.Name;

    // Two names of one setting: the client's errors contain the first, the configuration has the second.
    private static readonly Dictionary<string, string> s_aliases = new()
    {
        ["queue.buffering.max.ms"] = "linger.ms",
        ["retries"] = "message.send.max.retries",
        ["max.in.flight.requests.per.connection"] = "max.in.flight",
        ["compression.codec"] = "compression.type",
        ["sasl.mechanisms"] = "sasl.mechanism",
        ["fetch.message.max.bytes"] = "max.partition.fetch.bytes",
    };

    /// <summary>The addresses of the first brokers that a client contacts: <c>host:port</c>, separated by commas.</summary>
    public static string Brokers(IConfiguration configuration) => configuration.GetConnectionString(Name) ?? "localhost:9092";

    /// <summary>Copies the configuration into <paramref name="config"/>, and checks the result.</summary>
    /// <exception cref="OptionsValidationException">It can't be right; the message names the key and contains no secret value.</exception>
    public static void Read(IConfiguration configuration, ClientConfig config)
    {
        KafkaSection.Bind(configuration, config);
        CheckBrokers(Brokers(configuration));
        CheckSecurity(config);
    }

    /// <summary>
    /// Builds a client from <paramref name="config"/> and disposes of it: only the client itself can check certificates, keys, ranges and
    /// much else. It has no brokers, so it connects to none.
    /// </summary>
    /// <exception cref="OptionsValidationException">Such a client can't be built; the message names the key.</exception>
    public static void Try(IConfiguration configuration, ClientConfig config)
    {
        if (!configuration.GetSection(Section).GetChildren().Any())
        {
            return;
        }

        var settings = config.ToDictionary();
        settings.Remove("bootstrap.servers");
        try
        {
            using var client = Build(config, settings);
        }
        catch (Exception e) when (e is InvalidOperationException or ArgumentException or KafkaException)
        {
            var keys = KafkaSection.Bind(configuration, (ClientConfig)Activator.CreateInstance(config.GetType())!);
            var culprit = Names().Matches(e.Message).Select(name => s_aliases.GetValueOrDefault(name.Value, name.Value)).FirstOrDefault(keys.ContainsKey);
            throw KafkaSection.Refusal($"{(culprit is null ? Section : keys[culprit])}: {e.Message.ReplaceLineEndings(" ").TrimEnd()}");
        }
    }

    private static IClient Build(ClientConfig config, Dictionary<string, string> settings) => config is ConsumerConfig
        ? new ConsumerBuilder<Ignore, Ignore>(settings).SetLogHandler((_, _) => { }).Build()
        : new ProducerBuilder<Null, Null>(settings).SetLogHandler((_, _) => { }).Build();

    // The client takes an entry that it can't parse for another name or port, and reports nothing.
    private static void CheckBrokers(string brokers)
    {
        foreach (var entry in brokers.Split(',', StringSplitOptions.TrimEntries))
        {
            // The entry may contain a password before the host.
            var shown = entry.Contains('@', StringComparison.Ordinal) ? "an entry" : entry;
            if (ComplaintOf(entry) is { } complaint)
            {
                throw KafkaSection.Refusal($"ConnectionStrings:{Name}: {(entry.Length == 0 ? "an entry" : shown)} {complaint}. It is host:port, separated by commas.");
            }
        }

        static string? ComplaintOf(string entry)
        {
            if (entry.Length == 0)
            {
                return "is empty";
            }

            if (entry.Contains("://", StringComparison.Ordinal))
            {
                return $"has a scheme; the protocol is set by {Section}:{nameof(ClientConfig.SecurityProtocol)}";
            }

            var colon = entry.EndsWith(']') ? -1 : entry.LastIndexOf(':');
            if (colon < 0)
            {
                return "has no port";
            }

            var (host, port) = (entry[..colon], entry[(colon + 1)..]);
            var isAddress = host is ['[', .. var inner, ']'] && IPAddress.TryParse(inner, out _);
            return !isAddress && !HostNames().IsMatch(host) ? "has no host name or address before its port"
                : port.Length is 0 or > 5 || !port.All(char.IsAsciiDigit) || int.Parse(port) is 0 or > IPEndPoint.MaxPort ? "has no valid port (1 to 65535)"
                : null;
        }
    }

    private static void CheckSecurity(ClientConfig config)
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
                // "probe" makes the client look for the certificate authorities of the system.
                if (path != "probe" && !File.Exists(path) && !Directory.Exists(path))
                {
                    throw KafkaSection.Refusal($"{Section}:{name}: there is no file {path}.");
                }
            }
        }

        void Require(bool holds, string name, string what)
        {
            if (!holds)
            {
                throw KafkaSection.Refusal($"{Section}:{name} is missing: {Section}:{nameof(config.SecurityProtocol)} is {protocol}, which needs {what}.");
            }
        }

        void Forbid(bool isSet, string name, SecurityProtocol wanted)
        {
            if (isSet)
            {
                throw KafkaSection.Refusal(
                    $"{Section}:{name} is set, but {Section}:{nameof(config.SecurityProtocol)} is {protocol}, which makes no use of it. Did you mean {wanted}?");
            }
        }
    }

    // The client's own setting names in its error messages: socket.timeout.ms.
    [GeneratedRegex(@"[a-z][a-z0-9]*(?:\.[a-z0-9]+)*")]
    private static partial Regex Names();

    [GeneratedRegex("^[a-zA-Z0-9._-]+$")]
    private static partial Regex HostNames();
}
