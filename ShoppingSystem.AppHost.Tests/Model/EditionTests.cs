using System.Net;
using System.Net.Sockets;
using Aspire.Hosting;
using ShoppingSystem.AppHost.Tests.Support;
using ShoppingSystem.Tests.Support;

namespace ShoppingSystem.AppHost.Tests.Model;

/// <summary>Which edition is modelled when.</summary>
public sealed class EditionTests
{
    private const string NoRuntime = "--ASPIRE_CONTAINER_RUNTIME=no-such-runtime";
    private const string Kafka = "--ConnectionStrings:kafka=localhost:9092";
    private const string MongoDB = "--ConnectionStrings:shopping=mongodb://localhost:27017/shopping";

    [Fact]
    public async Task The_embedded_edition_is_used_when_asked_for()
    {
        await using var shop = await ModelledShop.FromAsync("--embedded", Kafka, MongoDB);

        Assert.Contains("standalone", shop.Names);
        Assert.DoesNotContain("kafka", shop.Names);
    }

    [Fact]
    public async Task The_embedded_edition_is_used_when_no_server_is_given_and_no_container_runtime_is_found()
    {
        await using var shop = await ModelledShop.FromAsync(NoRuntime);

        Assert.Contains("standalone", shop.Names);
        Assert.DoesNotContain("kafka", shop.Names);
    }

    [Fact]
    public async Task The_cluster_edition_uses_given_Kafka_and_MongoDB_without_containers()
    {
        await using var shop = await ModelledShop.FromAsync(NoRuntime, Kafka, MongoDB);

        Assert.Equal(["kafka"], shop.WaitsFor("web-server"));
        Assert.Equal(["kafka", "shopping"], shop.WaitsFor("management-api"));
        Assert.DoesNotContain("standalone", shop.Names);
    }

    [Theory]
    [InlineData(Kafka, "ConnectionStrings:shopping")]
    [InlineData(MongoDB, "ConnectionStrings:kafka")]
    public async Task A_missing_server_that_can_not_be_a_container_is_named(string given, string missing)
    {
        var edition = await ChooseAsync(NoRuntime, "--DcpPublisher:RandomizePorts=true", given);

        Assert.StartsWith(missing, edition.Refusal, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_port_in_use_by_another_program_is_named()
    {
        using var another = new TcpListener(IPAddress.Loopback, ServicePorts.Shop);
        try
        {
            another.Start();
        }
        catch (SocketException)
        {
            // Somebody has it already.
        }

        var edition = await ChooseAsync("--embedded");

        Assert.Contains($"Port {ServicePorts.Shop} is taken", edition.Refusal, StringComparison.Ordinal);
    }

    [NeedsFact<AspireIntegrations>]
    public async Task Publishing_always_uses_the_cluster_edition_in_containers()
    {
        await using var shop = await ModelledShop.ToPublishAsync(NoRuntime, "--embedded", Kafka, MongoDB);

        Assert.Contains("mongodb", shop.Names);
        Assert.DoesNotContain("standalone", shop.Names);
    }

    [NeedsFact<Containers>]
    public async Task The_cluster_edition_is_used_where_containers_can_run()
    {
        await using var shop = await ModelledShop.FromAsync();

        Assert.Contains("mongodb", shop.Names);
        Assert.DoesNotContain("standalone", shop.Names);
    }

    [NeedsFact<Containers>]
    public async Task A_server_that_is_not_given_is_a_container()
    {
        await using var shop = await ModelledShop.FromAsync(Kafka);

        Assert.Contains("mongodb", shop.Names);
        Assert.DoesNotContain("kafka-ui", shop.Names);
    }

    private static Task<Edition> ChooseAsync(params string[] args) => Edition.ChooseAsync(DistributedApplication.CreateBuilder(args), args);
}
