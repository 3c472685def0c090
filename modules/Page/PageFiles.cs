using System.Reflection;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.FileProviders;

namespace ShoppingSystem;

/// <summary>Serves a module's page. This file is compiled into each module that has one, beside the page's files.</summary>
internal static class PageFiles
{
    /// <summary>
    /// Serves the page at the root, its files at the paths that they have in <c>modules/Page</c>. Browsers ask each time whether
    /// their copy is current.
    /// </summary>
    public static void UsePage(this WebApplication app)
    {
        var module = Assembly.GetExecutingAssembly();
        app.UseFileServer(new FileServerOptions
        {
            FileProvider = new EmbeddedFileProvider(module, $"{module.GetName().Name}.Page"),
            StaticFileOptions = { OnPrepareResponse = file => file.Context.Response.Headers.CacheControl = "no-cache" },
        });
    }
}
