using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace ShoppingSystem.Kafka;

/// <summary>The description of the topic, for authors of programs that write to it or read from it.</summary>
public static class EventDescription
{
    /// <summary>Maps <c>GET /asyncapi.yaml</c>: the topic, its events, their headers and their forms, as AsyncAPI 3. Needs no key and no token.</summary>
    public static void MapEventDescription(this IEndpointRouteBuilder app)
    {
        var description = Encoding.UTF8.GetBytes(Read(app.ServiceProvider.GetRequiredService<IOptions<KafkaOptions>>().Value.Topic));
        // It changes only with the configuration, so only with a restart: no-cache makes clients ask whether their copy is current.
        app.MapGet("/asyncapi.yaml", (HttpResponse response) =>
        {
            response.Headers.CacheControl = "no-cache";
            return Results.Bytes(description, "application/yaml; charset=utf-8");
        }).AllowAnonymous().ExcludeFromDescription();
    }

    /// <summary>The description of <paramref name="topic"/>, whose name has no character that is special in YAML or AsyncAPI.</summary>
    internal static string Read(string topic)
    {
        using var file = new StreamReader(typeof(EventDescription).Assembly.GetManifestResourceStream("asyncapi.yaml")!);
        return file.ReadToEnd().Replace("{topic}", topic, StringComparison.Ordinal);
    }
}
