using System.Net;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using ShoppingSystem.Kafka;
using ShoppingSystem.Purchases;
using ShoppingSystem.Tests.Hosts;
using ShoppingSystem.Tests.Kubernetes;
using ShoppingSystem.Tests.Purchases;
using ShoppingSystem.Tests.Support;

namespace ShoppingSystem.Tests.Kafka;

/// <summary><c>/asyncapi.yaml</c> against AsyncAPI's own schema, and against what is written to the topic and read from it.</summary>
public sealed class EventDescriptionTests
{
    // No purchases, to the recorder nor to the description.
    private static readonly string[] NoPurchases =
    [
        "[]", "42", "{}",
        """{"userid":"123","username":"Ada"}""",
        """{"userid":"123","price":1}""",
        """{"username":"Ada","price":1}""",
        """{"userid":"123","username":"Ada","price":null}""",
        """{"userid":"123","username":"Ada","price":0}""",
        """{"userid":"123","username":"Ada","price":1000000001}""",
        """{"userid":"123","username":"Ada","price":true}""",
        """{"userid":"","username":"Ada","price":1}""",
        """{"userid":["123"],"username":"Ada","price":1}""",
        """{"userid":"123","username":"Ada","price":1,"item":{"name":"tea"}}""",
        """{"userid":"123","username":"Ada","price":1,"timestamp":true}""",
        """{"userid":"123","username":"Ada","price":1,"timestamp":[2024,1,19,11]}""",
        """{"userid":"123","username":"Ada","price":1,"id":false}""",
        """{"specversion":"1.0","userid":"123","username":"Ada","price":1}""",
        """{"specversion":"1.0","data":{"userid":"123"}}""",
        """{"specversion":"1.0","data":"tea"}""",
    ];

    [Fact]
    public async Task The_web_server_describes_the_topic_that_is_configured()
    {
        await using var shop = await HostProcess.StartAsync(HostProgram.WebServer, ("ConnectionStrings__kafka", "127.0.0.1:1"), ("Shopping__Topic", "orders.v2"));

        using var reply = await shop.Client.GetAsync("/asyncapi.yaml");
        using var head = await shop.Client.SendAsync(new HttpRequestMessage(HttpMethod.Head, "/asyncapi.yaml"));

        Assert.Equal(HttpStatusCode.OK, reply.StatusCode);
        Assert.Equal(HttpStatusCode.OK, head.StatusCode);
        Assert.Equal("application/yaml", reply.Content.Headers.ContentType?.MediaType);
        var description = await reply.Content.ReadAsStringAsync();
        Assert.Equal(EventDescription.Read("orders.v2"), description);
        Assert.Contains("address: \"orders.v2\"", description, StringComparison.Ordinal);
    }

    [NeedsFact<Rendering>]
    public async Task It_is_AsyncAPI_and_takes_what_is_written_and_what_is_read_and_nothing_else()
    {
        var own = new Purchase(Guid.CreateVersion7(), "123", "Ada", 12.50m, "tea", new DateTimeOffset(2024, 1, 19, 11, 20, 0, TimeSpan.Zero));
        List<(string, string, bool)> events = [("purchase", Written(own), true), ("purchase", Written(own with { Item = null }), true), ("event", Written(own), true)];
        // The schema has the usual spellings of a name, and says in words that upper and lower case make no difference.
        events.AddRange(ProducerEventTests.Forms.Select(form => ProducerEventTests.Whole(form.Data.Item3).Replace("EF BB BF ", ""))
            .Where(written => !written.Contains("\"USERID\"", StringComparison.Ordinal)).Select(written => ("event", written, true)));
        foreach (var written in NoPurchases)
        {
            Assert.False(PurchaseEvent.TryRead(new FeedEvent("purchases", 0, 0, DateTimeOffset.UnixEpoch, Encoding.UTF8.GetBytes(written)), out _, out _), written);
            events.Add(("event", written, false));
        }

        var result = await CheckAsync(EventDescription.Read("purchases"), events);

        Assert.True(result.ExitCode == 0, result.ToString());
        Assert.True(events.Count > 90, $"{events.Count} events");
    }

    [NeedsTheory<Rendering>]
    [InlineData("action: send", "action: publish", "action")]
    [InlineData("asyncapi: 3.0.0\ninfo:", "asyncapi: 3.0.0\nnonsense: true\ninfo:", "nonsense")]
    [InlineData("messages/event\"", "messages/nothing\"", "leads nowhere")]
    [InlineData("required: [price]", "required: [prize]", "not taken")]
    [InlineData("maximum: 1000000000", "maximum: 10", "not taken")]
    public async Task Mistakes_in_the_event_description_are_found(string right, string wrong, string found)
    {
        var description = EventDescription.Read("purchases");
        Assert.Contains(right, description, StringComparison.Ordinal);

        var result = await CheckAsync(description.Replace(right, wrong, StringComparison.Ordinal), []);

        Assert.Equal(1, result.ExitCode);
        Assert.Contains(found, result.Output, StringComparison.Ordinal);
    }

    private static string Written(Purchase purchase) => Encoding.UTF8.GetString(PurchaseEvent.ToBytes(purchase));

    private static async Task<Result> CheckAsync(string description, List<(string Message, string Event, bool IsValid)> events)
    {
        using var folder = new TemporaryFolder();
        var (file, list) = (Path.Combine(folder.Path, "asyncapi.yaml"), Path.Combine(folder.Path, "events.json"));
        await File.WriteAllTextAsync(file, description);
        await File.WriteAllTextAsync(list, new JsonArray([.. events.Select(entry => new JsonObject
        {
            ["message"] = entry.Message,
            ["event"] = JsonNode.Parse(entry.Event, documentOptions: new JsonDocumentOptions { AllowDuplicateProperties = true }),
            ["valid"] = entry.IsValid,
        })]).ToJsonString());
        return await Tools.RunAsync("node", [Path.Combine(Tools.Deploy, "tools/asyncapi.mjs"), file, list]);
    }
}
