using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.HttpOverrides;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;

namespace ShoppingSystem.ServiceDefaults;

/// <summary>
/// Behind a proxy, the client's address is in <c>X-Forwarded-For</c>, and the path prefix that the proxy removed is in
/// <c>X-Forwarded-Prefix</c>. They are accepted only from proxies in the configured networks (<c>Proxies:0</c>,
/// <c>Proxies:1</c>, … in CIDR notation); otherwise any client could claim any address.
/// </summary>
internal static class Forwarding
{
    private const string Key = "Proxies";

    public static void AddForwardedHeaders(this WebApplicationBuilder builder)
    {
        var proxies = Array.ConvertAll(Configured(builder.Configuration), Parse);
        builder.Services.Configure<ForwardedHeadersOptions>(options =>
        {
            options.ForwardedHeaders = ForwardedHeaders.XForwardedFor | ForwardedHeaders.XForwardedProto | ForwardedHeaders.XForwardedPrefix;
            options.KnownProxies.Clear();
            options.KnownIPNetworks.Clear();
            foreach (var proxy in proxies)
            {
                options.KnownIPNetworks.Add(proxy);
            }
        });
    }

    public static void UseConfiguredProxies(this WebApplication app)
    {
        if (Configured(app.Configuration).Length > 0)
        {
            app.UseForwardedHeaders();
        }
    }

    private static string[] Configured(IConfiguration configuration) => configuration.GetSection(Key).Get<string[]>() ?? [];

    private static System.Net.IPNetwork Parse(string network) => System.Net.IPNetwork.TryParse(network, out var parsed)
        ? parsed
        : throw new ConfigurationException($"{Key}: '{network}' is not a network such as 10.0.0.0/8.");
}
