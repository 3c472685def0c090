using System.Collections.Concurrent;
using System.Diagnostics;
using System.Text.RegularExpressions;
using Confluent.Kafka;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Logging;

namespace ShoppingSystem.Kafka;

/// <summary>
/// The errors of the clients, in words that tell an operator what to check. Each is logged once a minute at most, and kept as the reason
/// why no broker answers: the client's answer to a request ("Broker transport failure") doesn't contain the reason.
/// </summary>
internal sealed partial class ClientErrors
{
    private const int MostRemembered = 1_000;
    private static readonly TimeSpan Interval = TimeSpan.FromMinutes(1);
    // While an error persists, the client repeats it every 30 s.
    private static readonly TimeSpan Lifetime = TimeSpan.FromSeconds(75);

    private readonly ILogger _logger;
    private readonly ILogger _clientLogger;
    private readonly ConcurrentDictionary<string, long> _saidAt = new();
    private readonly Lock _gate = new();
    private readonly SecurityProtocol _protocol;
    private readonly SaslMechanism? _mechanism;
    private readonly string? _user;
    private (Kind Kind, string Text, long At)? _latest;

    public ClientErrors(IConfiguration configuration, ILoggerFactory loggers)
    {
        _logger = loggers.CreateLogger<ClientErrors>();
        _clientLogger = loggers.CreateLogger("Confluent.Kafka");
        var config = new ClientConfig();
        KafkaConnection.Read(configuration, config);
        _protocol = config.SecurityProtocol ?? SecurityProtocol.Plaintext;
        _mechanism = config.SaslMechanism;
        _user = config.SaslUsername;
    }

    // In ascending order of how much they explain.
    private enum Kind
    {
        Other,
        Unreachable,
        Hung,
        Refused,
    }

    /// <summary>Why no broker answers, as far as the clients know; null when they know nothing.</summary>
    public string? Reason
    {
        get
        {
            lock (_gate)
            {
                return _latest is { } latest && Stopwatch.GetElapsedTime(latest.At) < Lifetime ? latest.Text : null;
            }
        }
    }

    /// <summary>Why a request failed: when no broker answers, its error is only a general one.</summary>
    public string ReasonOf(Error error) => error.IsLocalError && Reason is { } reason ? reason : error.Reason;

    /// <summary>A broker has answered.</summary>
    public void Forget()
    {
        lock (_gate)
        {
            _latest = null;
        }
    }

    public void Note(Error error)
    {
        // This error only says that all brokers have the errors that were reported one by one.
        if (error.Code is ErrorCode.Local_AllBrokersDown)
        {
            return;
        }

        var (kind, key, text) = Explain(error);
        lock (_gate)
        {
            if (_latest is not { } latest || kind >= latest.Kind || Stopwatch.GetElapsedTime(latest.At) > Lifetime)
            {
                _latest = (kind, text, Stopwatch.GetTimestamp());
            }
        }

        if (IsDue(key))
        {
            LogError(_logger, text);
        }
    }

    /// <summary>Passes on a line of the client itself.</summary>
    public void Forward(LogMessage message)
    {
        // The client's lines about errors are for debugging: the errors themselves are logged above.
        var level = message.Facility is "FAIL" or "ERROR" ? LogLevel.Debug : (LogLevel)message.LevelAs(LogLevelType.MicrosoftExtensionsLogging);
        var line = message.Message.ReplaceLineEndings(" ");
        // The client doesn't treat it as an error that a broker closes a connection before it was usable.
        if (message is { Facility: "FAIL", Level: SyslogLevel.Info } && ClosedEarly().Match(line) is { Success: true } closed)
        {
            Note(new Error(ErrorCode.Local_Transport, closed.Groups["reason"].Value));
        }

        if (level < LogLevel.Information || IsDue($"{message.Facility} {Numbers().Replace(line, "")}"))
        {
            LogLine(_clientLogger, level, line);
        }
    }

    /// <summary>Whether the message with this key is to be logged: it was not logged within the last minute.</summary>
    public bool IsDue(string key)
    {
        if (_saidAt.TryGetValue(key, out var saidAt) && Stopwatch.GetElapsedTime(saidAt) < Interval)
        {
            return false;
        }

        if (_saidAt.Count >= MostRemembered)
        {
            _saidAt.Clear();
        }

        _saidAt[key] = Stopwatch.GetTimestamp();
        return true;
    }

    private (Kind Kind, string Key, string Text) Explain(Error error)
    {
        var match = Reasons().Match(error.Reason.ReplaceLineEndings(" "));
        var (broker, what) = match.Success ? (match.Groups["broker"].Value, match.Groups["what"].Value) : ("a broker", error.Reason.ReplaceLineEndings(" "));
        var state = match.Groups["state"].Value;
        var (kind, text) = error.Code switch
        {
            _ when Says("PLAINTEXT broker listener") || (state is "SSL_HANDSHAKE" && Says("Disconnected")) => NoTls(),
            _ when (state is "APIVERSION_QUERY" || state.StartsWith("AUTH", StringComparison.Ordinal)) && Says("Disconnected") =>
                (Kind.Hung, $"{broker} closed the connection at once: {Suspicion}"),
            ErrorCode.Local_Authentication when what.Contains("handshake", StringComparison.Ordinal) =>
                (Kind.Refused, $"{broker} does not take the SASL mechanism {_mechanism} (Kafka:SaslMechanism): {what}"),
            ErrorCode.Local_Authentication when _user is not null =>
                (Kind.Refused, $"{broker} refuses user {_user}: authentication failed (Kafka:SaslUsername, Kafka:SaslPassword, Kafka:SaslMechanism)"),
            ErrorCode.Local_Authentication => (Kind.Refused, $"{broker} refuses this client: {what}"),
            ErrorCode.Local_Ssl when Says("certificate verify failed", "could not be verified") =>
                (Kind.Refused, $"the certificate of {broker} is not trusted, or is for another name (Kafka:SslCaLocation, and the names in ConnectionStrings:kafka and in the brokers' advertised listeners)"),
            ErrorCode.Local_Ssl when Says("wrong version number", "packet length", "record layer", "http request") => NoTls(),
            ErrorCode.Local_Ssl when Says("certificate required", "client SSL authentication", "alert bad certificate", "alert unknown ca", "alert certificate") =>
                (Kind.Refused, $"{broker} wants a certificate of this client that it trusts (Kafka:SslCertificateLocation, Kafka:SslKeyLocation): {what}"),
            ErrorCode.Local_Ssl => (Kind.Hung, $"no TLS connection with {broker}: {what}"),
            _ when Says("ApiVersion", "security.protocol", "Invalid response size", "during authentication", "in SASL") && Says("Disconnected", "response size", "closed") =>
                (Kind.Hung, $"{broker} closed the connection at once: {Suspicion}"),
            _ when Says("Connection refused") => (Kind.Unreachable, $"nothing listens at {broker}"),
            ErrorCode.Local_Resolve => (Kind.Unreachable, $"{broker} can't be found: {what}"),
            ErrorCode.Local_Transport => (Kind.Unreachable, $"no connection with {broker}: {what}"),
            _ => (Kind.Other, match.Success ? $"{broker}: {what}" : what),
        };
        return (kind, $"{error.Code} {broker} {kind}", text);

        (Kind, string) NoTls() =>
            (Kind.Hung, $"{broker} does not answer in TLS, and Kafka:SecurityProtocol is {_protocol}: does it want {(_mechanism is null ? "Plaintext or SaslPlaintext" : "SaslPlaintext")}?");

        bool Says(params ReadOnlySpan<string> words)
        {
            foreach (var word in words)
            {
                if (what.Contains(word, StringComparison.OrdinalIgnoreCase))
                {
                    return true;
                }
            }

            return false;
        }
    }

    private string Suspicion => _protocol switch
    {
        SecurityProtocol.Plaintext => "does it want TLS or SASL? Kafka:SecurityProtocol is Plaintext",
        SecurityProtocol.Ssl => "does it want SASL, a certificate of this client, or no TLS? Kafka:SecurityProtocol is Ssl",
        SecurityProtocol.SaslPlaintext => $"does it want TLS, or no SASL? Kafka:SecurityProtocol is SaslPlaintext, Kafka:SaslMechanism {_mechanism}",
        _ => $"does it want no TLS, or no SASL? Kafka:SecurityProtocol is {_protocol}, Kafka:SaslMechanism {_mechanism}",
    };

    // sasl_ssl://kafka-1:9093/bootstrap: SSL handshake failed: … (after 5ms in state SSL_HANDSHAKE, 3 identical error(s) suppressed)
    [GeneratedRegex(@"^(?:\w+://)?(?<broker>(?:\[[^\]]+\]|[^/:\s]+):\d+)/[^:\s]+: (?<what>.*?)(?: \(after \d+ms in state (?<state>\w+).*\))?$")]
    private static partial Regex Reasons();

    // [thrd:kafka-1:9093/bootstrap]: kafka-1:9093/bootstrap: Disconnected while … (after 5ms in state APIVERSION_QUERY)
    [GeneratedRegex(@"^\[thrd:.+?\]: (?<reason>.*: Disconnected.* in state (?:APIVERSION_QUERY|SSL_HANDSHAKE|AUTH\w*)\b.*)$")]
    private static partial Regex ClosedEarly();

    [GeneratedRegex(@"\d+")]
    private static partial Regex Numbers();

    [LoggerMessage(LogLevel.Warning, "The Kafka client has trouble: {What}")]
    private static partial void LogError(ILogger logger, string what);

    [LoggerMessage("{Line}")]
    private static partial void LogLine(ILogger logger, LogLevel level, string line);
}
