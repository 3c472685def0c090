using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using System.Reflection;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.OpenApi;
using Microsoft.OpenApi;

namespace ShoppingSystem.ServiceDefaults;

/// <summary>Makes the schemas of the API's description match what is written and read, where the framework only guesses.</summary>
internal static class ApiSchemas
{
    public static Task Describe(OpenApiSchema schema, OpenApiSchemaTransformerContext context, CancellationToken cancellationToken)
    {
        var isReply = context.ParameterDescription is null;
        if (context.JsonPropertyInfo is { } property)
        {
            DescribeConverted(schema, property);
            if (Attribute<JsonNumberHandlingAttribute>(property)?.Handling.HasFlag(JsonNumberHandling.AllowReadingFromString) is true)
            {
                schema.Type |= JsonSchemaType.String;
            }

            if (isReply ? IsLeftOutWhenNull(property) : Attribute<RequiredAttribute>(property) is not null)
            {
                schema.Type &= ~JsonSchemaType.Null;
            }
        }

        if (Is<decimal>(context.JsonTypeInfo.Type))
        {
            // The framework describes it as a double, which is wrong.
            schema.Format = "decimal";
        }

        if (isReply && context.JsonTypeInfo.Kind is JsonTypeInfoKind.Object)
        {
            schema.Required?.ExceptWith(context.JsonTypeInfo.Properties.Where(IsLeftOutWhenNull).Select(field => field.Name));
        }

        if (context.JsonTypeInfo.Type.IsAssignableTo(typeof(ProblemDetails)))
        {
            schema.Required = new HashSet<string> { "title", "status", "detail" };
            schema.Properties?.TryAdd(Problems.Error, new OpenApiSchema
            {
                Type = JsonSchemaType.String,
                Description = "The detail once more, or that required fields are missing; in the classic dialect.",
            });
            schema.Properties?.TryAdd("traceId", new OpenApiSchema
            {
                Type = JsonSchemaType.String,
                Description = "Leads to the request's trace and logs; there where requests are traced.",
            });
        }

        return Task.CompletedTask;
    }

    // Only the converter knows what it writes and which text it reads, so the schema is derived by calling it.
    private static void DescribeConverted(OpenApiSchema schema, JsonPropertyInfo property)
    {
        if (Attribute<JsonConverterAttribute>(property)?.ConverterType is not { } type)
        {
            return;
        }

        if (property.PropertyType == typeof(string))
        {
            DescribeConvertedText(schema, property, type);
            return;
        }

        var nullable = Nullable.GetUnderlyingType(property.PropertyType);
        var sample = JsonSerializer.SerializeToElement(Activator.CreateInstance(nullable ?? property.PropertyType), With(type));
        schema.Type = sample.ValueKind is JsonValueKind.Number ? JsonSchemaType.Number : JsonSchemaType.String;
        if (nullable is not null)
        {
            schema.Type |= JsonSchemaType.Null;
        }

        if (schema.Type.Value.HasFlag(JsonSchemaType.Number))
        {
            schema.Format = null;
        }

        schema.Description ??= type.GetCustomAttribute<DescriptionAttribute>()?.Description;
    }

    private static void DescribeConvertedText(OpenApiSchema schema, JsonPropertyInfo property, Type converter)
    {
        schema.Type = JsonSchemaType.String;
        schema.Type |= Reads(converter, "0") ? JsonSchemaType.Number : 0;
        schema.Type |= property.IsSetNullable ? JsonSchemaType.Null : 0;
        if (Attribute<LengthAttribute>(property) is { } length)
        {
            (schema.MinLength, schema.MaxLength) = (length.MinimumLength, length.MaximumLength);
        }
    }

    private static bool Reads(Type converter, string json)
    {
        try
        {
            return JsonSerializer.Deserialize<string>(json, With(converter)) is not null;
        }
        catch (JsonException)
        {
            return false;
        }
    }

    private static JsonSerializerOptions With(Type converter) => new() { Converters = { (JsonConverter)Activator.CreateInstance(converter)! } };

    private static bool IsLeftOutWhenNull(JsonPropertyInfo property) => property.IsGetNullable
        && (Attribute<JsonIgnoreAttribute>(property)?.Condition ?? property.Options.DefaultIgnoreCondition) is JsonIgnoreCondition.WhenWritingNull;

    private static T? Attribute<T>(JsonPropertyInfo property) where T : Attribute =>
        property.AttributeProvider?.GetCustomAttributes(typeof(T), inherit: true).OfType<T>().FirstOrDefault();

    private static bool Is<T>(Type type) where T : struct => type == typeof(T) || type == typeof(T?);
}
