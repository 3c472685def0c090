namespace ShoppingSystem.Tests.Kafka;

/// <summary>A broker that wants SASL PLAIN and lets nobody in: as much of the protocol as it takes to be refused.</summary>
internal sealed class RefusingBroker : AnsweringBroker
{
    private const short SaslHandshake = 17;
    private const short ApiVersions = 18;
    private const short SaslAuthenticate = 36;
    private const byte SaslAuthenticationFailed = 58;

    protected override byte[] Answer(short request) => request switch
    {
        // No error; four kinds of requests, each with its first and last version; no throttling.
        ApiVersions => [0, 0, 5, .. Versions(3, 9), .. Versions(SaslHandshake, 1), .. Versions(ApiVersions, 3), .. Versions(SaslAuthenticate, 1), 0, 0, 0, 0, 0],
        // No error; the one mechanism.
        SaslHandshake => [0, 0, 0, 0, 0, 1, 0, 5, .. "PLAIN"u8],
        SaslAuthenticate => [0, SaslAuthenticationFailed, 0, 8, .. "Not you."u8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0],
        _ => throw new IOException("What comes before the sign-in was not expected."),
    };

    private static byte[] Versions(short request, byte last) => [0, (byte)request, 0, 0, 0, last, 0];
}
