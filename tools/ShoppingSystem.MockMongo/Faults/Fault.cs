namespace ShoppingSystem.MockMongo;

/// <summary>A fault that a command meets.</summary>
internal abstract record Fault
{
    private Fault()
    {
    }

    /// <summary>The command is refused with this error (its number), and nothing is done.</summary>
    public sealed record CommandError(int Code, string? Message = null) : Fault;

    /// <summary>
    /// Documents of a write (by their positions in it, counted from 0; all of them when none are given) are refused with this error; the
    /// others are written.
    /// </summary>
    public sealed record WriteErrors(int Code, params int[] Documents) : Fault
    {
        public string? Message { get; init; }

        public bool Meets(int document) => Documents.Length == 0 || Documents.Contains(document);
    }

    /// <summary>The write is done, but may not have the durability that the client asked for.</summary>
    public sealed record WriteConcernError(int Code, string? Message = null) : Fault;

    /// <summary>The connection is closed instead of an answer, and nothing is done.</summary>
    public sealed record LostRequest : Fault;

    /// <summary>The connection is closed instead of an answer, after everything was done.</summary>
    public sealed record LostAnswer : Fault;
}
