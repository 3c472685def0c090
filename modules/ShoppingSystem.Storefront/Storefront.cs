using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Hosting;

namespace ShoppingSystem.Storefront;

/// <summary>Buying: the customer-facing service. Needs an <see cref="Purchases.IPurchaseLog"/> in the container.</summary>
public static class StorefrontModule
{
    /// <summary>Adds the services of the storefront.</summary>
    public static IHostApplicationBuilder AddStorefront(this IHostApplicationBuilder builder)
    {
        builder.AddCrossOrigins();
        builder.AddAdmission();
        builder.AddCustomers();
        builder.AddBuying();
        builder.AddHistory();
        return builder;
    }

    /// <summary>Maps buying, the customers' history and the shop page.</summary>
    public static WebApplication MapStorefront(this WebApplication app)
    {
        app.UseRateLimiter();
        app.UseCustomers();
        app.MapBuying();
        app.MapHistory();
        app.UsePage();
        return app;
    }
}
