using System.Diagnostics;
using System.Globalization;
using Microsoft.Data.Sqlite;
using ShoppingSystem.Purchases;

namespace ShoppingSystem.Sqlite;

/// <summary>A statement, and the attributes of its spans in OpenTelemetry's database conventions.</summary>
/// <param name="Operation">Its verb.</param>
/// <param name="Table">The table it is about.</param>
/// <param name="Text">The statement, with parameters for all values.</param>
internal sealed record Query(string Operation, string Table, string Text)
{
    private readonly string _one = $"{Operation} {Table}";
    private readonly string _batch = $"BATCH {Operation} {Table}";

    /// <summary>Starts a span; null when nothing listens.</summary>
    /// <param name="database">The file.</param>
    /// <param name="count">How often the statement is executed.</param>
    public Activity? StartSpan(string database, int count = 1)
    {
        var span = Signals.Activities.StartActivity(count > 1 ? _batch : _one, ActivityKind.Client);
        if (span is { IsAllDataRequested: true })
        {
            span.SetTag("db.system.name", "sqlite")
                .SetTag("db.namespace", database)
                .SetTag("db.collection.name", Table)
                .SetTag("db.operation.name", count > 1 ? $"BATCH {Operation}" : Operation)
                .SetTag("db.query.text", Text);
            if (count > 1)
            {
                span.SetTag("db.operation.batch.size", count);
            }
        }

        return span;
    }
}

internal static class QuerySpan
{
    public static void Fail(this Activity? span, SqliteException e)
    {
        var code = e.SqliteExtendedErrorCode.ToString(CultureInfo.InvariantCulture);
        span?.SetTag("db.response.status_code", code).SetTag("error.type", code).SetStatus(ActivityStatusCode.Error, e.Message);
    }
}
