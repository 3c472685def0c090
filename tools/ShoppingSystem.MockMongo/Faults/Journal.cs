namespace ShoppingSystem.MockMongo;

/// <summary>The commands that have arrived since tracking started, without the handshakes of connections.</summary>
internal sealed class Journal
{
    private readonly Lock _lock = new();
    private List<Request>? _requests;

    public void Track()
    {
        lock (_lock)
        {
            _requests = [];
        }
    }

    public void Note(Request request)
    {
        lock (_lock)
        {
            _requests?.Add(request);
        }
    }

    public IReadOnlyList<Request> Requests()
    {
        lock (_lock)
        {
            return [.. _requests ?? throw new InvalidOperationException("Commands are not tracked: ask for it before they come.")];
        }
    }
}
