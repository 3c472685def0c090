using System.Net.Sockets;

namespace ShoppingSystem.MockMongo;

/// <summary>One client's connection: reads a command, runs it and answers it, then reads the next.</summary>
internal sealed class Connection(int id, Socket socket, Dispatcher dispatcher) : IDisposable
{
    private readonly CancellationTokenSource _closed = new();
    private int _answers;

    public async Task ServeAsync()
    {
        try
        {
            var stream = new NetworkStream(socket, ownsSocket: true);
            await using (stream)
            {
                while (await WireFormat.ReadAsync(stream, _closed.Token) is { } request)
                {
                    if (!await AnswerAsync(stream, request))
                    {
                        return;
                    }
                }
            }
        }
        catch (Exception e) when (e is IOException or SocketException or ObjectDisposedException or OperationCanceledException)
        {
            // Either side has closed the connection.
        }
        catch (Exception e) when (e is InvalidDataException or FormatException)
        {
            await Console.Error.WriteLineAsync($"A connection is closed, because it does not speak the protocol: {e.Message}");
        }
    }

    public void Dispose()
    {
        _closed.Cancel();
        socket.Dispose();
    }

    /// <summary>False when the connection is to be closed.</summary>
    private async Task<bool> AnswerAsync(NetworkStream stream, Request request)
    {
        var responseTo = request.Id;
        await foreach (var (answer, more) in dispatcher.AnswerAsync(request, id, _closed.Token))
        {
            if (answer is null)
            {
                return false;
            }

            if (!request.Unacknowledged)
            {
                var answerId = ++_answers;
                await stream.WriteAsync(WireFormat.Write(answer, answerId, responseTo, request.Legacy, more), _closed.Token);
                responseTo = answerId;
            }
        }

        return true;
    }
}
