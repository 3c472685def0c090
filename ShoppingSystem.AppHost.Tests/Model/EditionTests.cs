using ShoppingSystem.AppHost.Tests.Support;

namespace ShoppingSystem.AppHost.Tests.Model;

/// <summary>Which edition is modelled when.</summary>
public sealed class EditionTests
{
    [Fact]
    public async Task It_is_embedded_when_asked_for()
    {
        await using var shop = await ModelledShop.FromAsync("--embedded");

        Assert.Contains("standalone", shop.Names);
        Assert.DoesNotContain("kafka", shop.Names);
    }

    [Fact]
    public async Task It_is_embedded_when_no_container_runtime_answers()
    {
        await using var shop = await ModelledShop.FromAsync("--ASPIRE_CONTAINER_RUNTIME=no-such-runtime");

        Assert.Contains("standalone", shop.Names);
        Assert.DoesNotContain("kafka", shop.Names);
    }

    [PublishFact]
    public async Task What_is_published_is_the_cluster_all_the_same()
    {
        await using var shop = await ModelledShop.ToPublishAsync("--ASPIRE_CONTAINER_RUNTIME=no-such-runtime", "--embedded");

        Assert.Contains("kafka", shop.Names);
        Assert.DoesNotContain("standalone", shop.Names);
    }

    [ContainersFact]
    public async Task It_is_the_cluster_where_containers_can_be_run()
    {
        await using var shop = await ModelledShop.FromAsync();

        Assert.Contains("kafka", shop.Names);
        Assert.DoesNotContain("standalone", shop.Names);
    }
}
