namespace ShoppingSystem.MockMongo;

/// <summary>What befalls a command.</summary>
internal abstract record Fault
{
    private Fault()
    {
    }

    /// <summary>It is refused with this error (its number), and nothing is done.</summary>
    public sealed record CommandError(int Code, string? Message = null) : Fault;

    /// <summary>
    /// Documents of a write (by their places in it, counted from 0; all where none are named) are refused with this error, the others
    /// are written.
    /// </summary>
    public sealed record WriteErrors(int Code, params int[] Documents) : Fault
    {
        public string? Message { get; init; }

        public bool Meets(int document) => Documents.Length == 0 || Documents.Contains(document);
    }

    /// <summary>The write is done, but it is not known whether it is durable as the client wants it.</summary>
    public sealed record WriteConcernError(int Code, string? Message = null) : Fault;

    /// <summary>The connection is closed in place of an answer, and nothing is done.</summary>
    public sealed record LostRequest : Fault;

    /// <summary>The connection is closed in place of the answer, after all was done.</summary>
    public sealed record LostAnswer : Fault;
}
