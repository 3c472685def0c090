using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using ShoppingSystem.MockKafka;

namespace ShoppingSystem.Tests.Kafka;

/// <summary>
/// Puts TLS in front of a mock cluster, a listener for each broker. The cluster names these to its clients and not the
/// plain ones, so whoever gets through does so encrypted.
/// </summary>
internal sealed class TlsFront : IAsyncDisposable
{
    private readonly CancellationTokenSource _stopped = new();
    private readonly List<TcpListener> _listeners = [];
    private readonly List<Task> _serving = [];
    private readonly X509Certificate2 _certificate;
    private readonly string _directory = Directory.CreateTempSubdirectory("shopping-test-").FullName;
    private int _connections;

    /// <param name="cluster">What is behind it.</param>
    /// <param name="host">The name that the certificate is for.</param>
    public TlsFront(MockCluster cluster, string host = "localhost")
    {
        (_certificate, AuthorityFile) = Certify(host, Path.Combine(_directory, "authority.pem"));
        (_, AnotherAuthorityFile) = Certify(host, Path.Combine(_directory, "another-authority.pem"));
        var brokers = cluster.BootstrapServers.Split(',').Select(address => int.Parse(address.Split(':')[1])).ToList();
        foreach (var (i, broker) in brokers.Index())
        {
            var listener = new TcpListener(IPAddress.Loopback, 0);
            listener.Start();
            _listeners.Add(listener);
            cluster.Advertise(i + 1, "localhost", Port(listener));
            _serving.Add(ListenAsync(listener, broker));
        }

        BootstrapServers = string.Join(',', _listeners.Select(listener => $"localhost:{Port(listener)}"));
    }

    public string BootstrapServers { get; }

    /// <summary>The authority that the brokers' certificate is from (PEM).</summary>
    public string AuthorityFile { get; }

    /// <summary>One that it is not from.</summary>
    public string AnotherAuthorityFile { get; }

    /// <summary>How many connections came as far as being encrypted.</summary>
    public int Connections => Volatile.Read(ref _connections);

    public async ValueTask DisposeAsync()
    {
        await _stopped.CancelAsync();
        _listeners.ForEach(listener => listener.Dispose());
        await Task.WhenAll(_serving);
        _stopped.Dispose();
        _certificate.Dispose();
        Directory.Delete(_directory, recursive: true);
    }

    private static int Port(TcpListener listener) => ((IPEndPoint)listener.LocalEndpoint).Port;

    private static (X509Certificate2 Certificate, string AuthorityFile) Certify(string host, string authorityFile)
    {
        var now = DateTimeOffset.UtcNow;
        using var authorityKey = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var authorityRequest = new CertificateRequest("CN=authority", authorityKey, HashAlgorithmName.SHA256);
        authorityRequest.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        using var authority = authorityRequest.CreateSelfSigned(now.AddHours(-1), now.AddHours(1));
        File.WriteAllText(authorityFile, authority.ExportCertificatePem());

        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest($"CN={host}", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName(host);
        request.CertificateExtensions.Add(names.Build());
        using var certificate = request.Create(authority, now.AddMinutes(-30), now.AddMinutes(30), Guid.NewGuid().ToByteArray());
        return (certificate.CopyWithPrivateKey(key), authorityFile);
    }

    private async Task ListenAsync(TcpListener listener, int broker)
    {
        var serving = new List<Task>();
        try
        {
            while (true)
            {
                var client = await listener.AcceptTcpClientAsync(_stopped.Token);
                serving.Add(ServeAsync(client, broker));
            }
        }
        catch (Exception e) when (e is OperationCanceledException or InvalidOperationException or SocketException)
        {
            await Task.WhenAll(serving);
        }
    }

    private async Task ServeAsync(TcpClient client, int broker)
    {
        try
        {
            using (client)
            {
                await using var outside = new SslStream(client.GetStream());
                await outside.AuthenticateAsServerAsync(new SslServerAuthenticationOptions { ServerCertificate = _certificate }, _stopped.Token);
                Interlocked.Increment(ref _connections);
                using var inner = new TcpClient();
                await inner.ConnectAsync(IPAddress.Loopback, broker, _stopped.Token);
                await using var inside = inner.GetStream();
                await await Task.WhenAny(outside.CopyToAsync(inside, _stopped.Token), inside.CopyToAsync(outside, _stopped.Token));
            }
        }
        catch (Exception e) when (e is IOException or SocketException or AuthenticationException or OperationCanceledException or ObjectDisposedException)
        {
            // Hung up, by one side or the other, or by the end of the test.
        }
    }
}
