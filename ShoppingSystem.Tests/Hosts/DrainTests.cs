using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using Confluent.Kafka;
using ShoppingSystem.MockKafka;
using ShoppingSystem.MockMongo;
using ShoppingSystem.Tests.Support;

namespace ShoppingSystem.Tests.Hosts;

/// <summary>Told to stop by SIGTERM, a host serves on until its clients have gone elsewhere.</summary>
public sealed class DrainTests(ITestOutputHelper output) : IDisposable
{
    private const string Topic = "purchases";
    private const int Partitions = 12;

    private static readonly TimeSpan Timeout = TimeSpan.FromMinutes(2);

    private readonly MockCluster _kafka = new(brokers: 1);

    /// <summary>
    /// Every host is ended by SIGTERM while it serves its share of 200 connections that are kept alive and never idle; a load
    /// balancer that only looks at its probe takes it out. One round, ten with <c>SHOPPING_TEST_LONG</c>.
    /// </summary>
    [Fact]
    public async Task Two_hundred_clients_that_keep_their_connections_lose_nothing_while_host_after_host_is_ended()
    {
        const int Hosts = 3, Clients = 200;
        _kafka.CreateTopic(Topic, Partitions);
        await using var forwarder = new TcpForwarder();
        var hosts = new Queue<HostProcess>();
        await using var load = new KeptAliveLoad(forwarder.Address, Clients);
        try
        {
            for (var round = 0; round < LongRun.Or(1, inALongRun: 10); round++)
            {
                var replacements = await Task.WhenAll(Enumerable.Range(0, round == 0 ? Hosts + 1 : Hosts).Select(_ => StartWebServerAsync("00:00:03")));
                foreach (var host in replacements)
                {
                    hosts.Enqueue(host);
                    forwarder.Add(host.Address);
                }

                load.Start();
                for (var i = 0; i < Hosts; i++)
                {
                    var answered = load.Answered;
                    await Eventually.TrueAsync(() => load.Answered > answered + (2 * Clients), "the clients are at full speed");
                    var ending = hosts.Dequeue();
                    ending.Signal();
                    await Eventually.TrueAsync(async () => await ServingAsync(ending) is not null, "it says that it is draining");
                    forwarder.Remove(ending.Address);
                    Assert.Equal(0, await ending.ExitAsync());
                    await ending.DisposeAsync();
                }
            }

            await load.StopAsync();
        }
        finally
        {
            foreach (var host in hosts)
            {
                await host.DisposeAsync();
            }
        }

        var appended = Appended();
        output.WriteLine($"{load.Answered} answered on {load.Connections} connections, {appended} appended, lost: {load.Lost.Count}");
        Assert.Empty(load.Lost);
        Assert.Equal(load.Answered, appended);
    }

    [Fact]
    public async Task A_draining_host_serves_unready_and_closes_connections_and_a_second_signal_ends_it()
    {
        _kafka.CreateTopic(Topic, Partitions);
        using var mongo = new MockServer();
        await using var management = await HostProcess.StartAsync(
            HostProgram.ManagementApi, ("ConnectionStrings__kafka", _kafka.BootstrapServers), ("ConnectionStrings__shopping", mongo.ConnectionString("shopping")), ("Shutdown__DrainTime", "00:00:15"));
        await using var shop = await StartWebServerAsync("00:00:15");
        await Eventually.TrueAsync(() => management.Client.IsReadyAsync(), Timeout, "it is ready");
        using var stream = await management.Client.GetAsync("/api/v1/stats/stream", HttpCompletionOption.ResponseHeadersRead);
        using var events = new StreamReader(await stream.Content.ReadAsStreamAsync());

        shop.Signal();
        management.Signal();
        foreach (var host in new[] { shop, management })
        {
            await Eventually.TrueAsync(async () => await ServingAsync(host) is "draining", "it says that it is draining");
            using var ready = await host.Client.GetAsync("/-/ready");
            using var page = await host.Client.GetAsync("/");
            using var nothing = await host.Client.GetAsync("/nothing");

            Assert.Equal(HttpStatusCode.ServiceUnavailable, ready.StatusCode);
            using var json = JsonDocument.Parse(await ready.Content.ReadAsStringAsync());
            Assert.Equal("draining", json.RootElement.GetProperty("reasons").GetProperty("service").GetString());
            Assert.Equal((HttpStatusCode.OK, HttpStatusCode.NotFound), (page.StatusCode, nothing.StatusCode));
            Assert.All([ready, page, nothing], reply => Assert.True(reply.Headers.ConnectionClose));
        }

        await shop.Client.BuyAsync("late");
        await management.Client.UntilRecordedAsync("late", 1);
        Assert.StartsWith("data: {", await events.ReadLineAsync(), StringComparison.Ordinal);
        Assert.All([shop, management], host => Assert.Contains("still serving for 00:00:15", host.Output, StringComparison.Ordinal));

        shop.Signal();
        management.Signal();
        Assert.Equal((0, 0), (await shop.ExitAsync(), await management.ExitAsync()));
        // Broken off, it would throw.
        Assert.EndsWith("\n\n", await events.ReadToEndAsync(), StringComparison.Ordinal);
        Assert.Equal(("", ""), (shop.Errors, management.Errors));
    }

    [Fact]
    public async Task Over_HTTP_2_a_client_is_told_to_connect_anew_and_loses_nothing()
    {
        _kafka.CreateTopic(Topic, Partitions);
        await using var shop = await StartWebServerAsync("00:00:15", ("Kestrel__EndpointDefaults__Protocols", "Http2"));
        var connections = 0;
        using var client = new HttpClient(new SocketsHttpHandler
        {
            ConnectCallback = async (context, cancellationToken) =>
            {
                Interlocked.Increment(ref connections);
                var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
                await socket.ConnectAsync(context.DnsEndPoint, cancellationToken);
                return new NetworkStream(socket, ownsSocket: true);
            },
        })
        {
            BaseAddress = shop.Address,
            DefaultRequestVersion = HttpVersion.Version20,
            DefaultVersionPolicy = HttpVersionPolicy.RequestVersionExact,
        };
        await Eventually.TrueAsync(() => client.IsReadyAsync(), Timeout, "it is ready");
        Assert.Equal(1, connections);

        shop.Signal();
        await Eventually.TrueAsync(() => shop.Output.Contains("still serving for", StringComparison.Ordinal), "it drains");

        await Eventually.TrueAsync(
            async () =>
            {
                using var reply = await client.PostAsync("/api/v1/buy", Support.Http.Json("""{"username":"Ada","userid":"late","price":1}"""));
                Assert.Equal((HttpStatusCode.Accepted, HttpVersion.Version20), (reply.StatusCode, reply.Version));
                return Volatile.Read(ref connections) > 1;
            },
            Timeout, "the client has connected anew");
    }

    [Fact]
    public async Task Ctrl_C_ends_the_host_without_draining()
    {
        await using var shop = await StartWebServerAsync("00:00:15");

        shop.Signal(ChildProcess.Sigint);

        Assert.Equal(0, await shop.ExitAsync());
        Assert.Contains("Application is shutting down...", shop.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("still serving for", shop.Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("00:00:16")]
    [InlineData("-00:00:01")]
    [InlineData("soon")]
    public async Task A_drain_time_that_does_not_fit_is_refused(string time)
    {
        var (exitCode, text) = await HostProcess.RunAsync(HostProgram.WebServer, ("Shutdown__DrainTime", time));

        Assert.Equal(1, exitCode);
        Assert.Contains("Shutdown:DrainTime", Assert.Single(text.Split(Environment.NewLine, StringSplitOptions.RemoveEmptyEntries)), StringComparison.Ordinal);
    }

    public void Dispose() => _kafka.Dispose();

    private Task<HostProcess> StartWebServerAsync(string drainTime, params (string, string)[] others) => HostProcess.StartAsync(
        HostProgram.WebServer, [("ConnectionStrings__kafka", _kafka.BootstrapServers), ("Shutdown__DrainTime", drainTime), .. others]);

    // Why it is not serving; null when it is.
    private static async Task<string?> ServingAsync(HostProcess host)
    {
        using var reply = await host.Client.GetAsync("/-/serving");
        using var json = JsonDocument.Parse(await reply.Content.ReadAsStringAsync());
        Assert.Equal(json.RootElement.GetProperty("status").GetString() is "serving" ? HttpStatusCode.OK : HttpStatusCode.ServiceUnavailable, reply.StatusCode);
        return json.RootElement.TryGetProperty("reason", out var reason) ? reason.GetString() : null;
    }

    private long Appended()
    {
        using var consumer = new ConsumerBuilder<Ignore, Ignore>(new ConsumerConfig { BootstrapServers = _kafka.BootstrapServers, GroupId = "count" }).Build();
        return Enumerable.Range(0, Partitions).Sum(partition => consumer.QueryWatermarkOffsets(new(Topic, partition), Timeout).High.Value);
    }
}
