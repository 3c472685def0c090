using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Cors.Infrastructure;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;

namespace ShoppingSystem.ServiceDefaults;

/// <summary>What every host shares: telemetry, health probes, API docs, problem details, security headers.</summary>
public static class ServiceDefaultsExtensions
{
    /// <summary>The largest request body that any endpoint accepts, in bytes.</summary>
    public const int MaxRequestBodySize = 16 * 1024;

    private const int MaxRequestHeadersSize = 16 * 1024;

    private static readonly TimeSpan RequestHeadersTimeout = TimeSpan.FromSeconds(10);

    // When Kestrel is told to stop, it wakes its connections. JSON that is being read through Kestrel's pipe ends there, and the
    // request is answered 500; read as a stream, as up to .NET 9, it continues.
    private const string JsonFromStreams = "Microsoft.AspNetCore.UseStreamBasedJsonParsing";

    /// <summary>Adds the services behind <see cref="UseServiceDefaults"/>.</summary>
    /// <param name="builder">The host.</param>
    /// <param name="title">The name of the service in the API docs.</param>
    /// <param name="exportsProcess">
    /// Whether the host exports the traces and metrics of its process. They belong to the process: of several hosts in it one
    /// exports them, which starts first and stops last.
    /// </param>
    public static WebApplicationBuilder AddServiceDefaults(this WebApplicationBuilder builder, string title, bool exportsProcess = true)
    {
        AppContext.SetSwitch(JsonFromStreams, true);
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxRequestBodySize = MaxRequestBodySize;
            kestrel.Limits.MaxRequestHeadersTotalSize = MaxRequestHeadersSize;
            kestrel.Limits.RequestHeadersTimeout = RequestHeadersTimeout;
        });
        builder.Services.AddSingleton(TimeProvider.System);
        builder.AddDrain();
        builder.AddUnfinishedRequests();
        builder.AddForwardedHeaders();
        builder.AddPathPrefix();
        builder.AddRequestBodies();
        builder.AddTelemetry(exportsProcess);
        builder.AddProblems();
        builder.Services.AddHealthChecks();
        builder.AddApiDocs(title);
        return builder;
    }

    /// <summary>
    /// Adds to <paramref name="app"/>: problem details for all errors, bodies in any form of JSON, security headers, calls from
    /// pages of other origins if a module allows them (<c>AddCors</c>), the probes (<c>/-/healthy</c>, <c>/alive</c>,
    /// <c>/-/serving</c>, <c>/-/ready</c>, <c>/health</c>) and the docs (<c>/docs</c>, <c>/openapi/v1.json</c>). Call it before
    /// mapping anything else.
    /// </summary>
    public static WebApplication UseServiceDefaults(this WebApplication app)
    {
        app.UseHeadRequests();
        app.UseClosingReplies();
        app.UseUnfinishedRequests();
        app.UseConfiguredProxies();
        app.UsePathPrefix();
        app.UseOneJsonType();
        app.UseRouting();
        app.UseRequestSpans();
        app.UseProblemsForAll();
        app.UseExceptionHandler();
        app.UseProblemsForErrors();
        app.UseSecurityHeaders();
        // Only if a module has configured CORS. Before all middleware that may refuse a request, so that pages of other origins can
        // read the refusal.
        if (app.Services.GetService<ICorsService>() is not null)
        {
            app.UseCors();
        }

        app.UseRequestBodies();
        app.UseDecodedPathValues();
        app.MapProbes();
        app.MapApiDocs();
        return app;
    }
}
