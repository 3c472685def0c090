using System.Globalization;
using MongoDB.Bson;
using MongoDB.Bson.IO;

namespace ShoppingSystem.MockMongo;

/// <summary>Faults on demand, as lines of text.</summary>
internal static class FaultLines
{
    public const string Help = """
        Lines on standard input, each answered with "ok" or with what is wrong with it:
          stop                        closes all connections and refuses further ones; the data stays
          start
          freeze                      takes connections and commands, and answers nothing
          thaw
          slow MILLISECONDS           answers every command so much later
          fail COMMAND FAULT [TIMES]  the next commands (update, find ..., * for any; update@purchases for a collection's) meet a fault;
                                      TIMES is a number, by default 1, or "always". FAULT is one of
                                        error=CODE              refused with an error (10107, 13 ...), nothing is done
                                        write-errors=CODE       every document of a write is refused
                                        write-errors=CODE:0,2   the first and the third are refused
                                        write-concern=CODE      done, but not known to be durable
                                        lost-request            the connection is closed, nothing is done
                                        lost-answer             the connection is closed, after all was done
          mend                        takes back all that fail said
          track                       begins to note commands
          commands [NAME]             prints the commands that came in since, one a line
        """;

    public const string Ok = "ok";

    private static readonly JsonWriterSettings OneLine = new() { OutputMode = JsonOutputMode.RelaxedExtendedJson };

    /// <summary>Runs a line; returns <see cref="Ok"/>, after the requested output, or the error.</summary>
    public static string Run(MockServer server, string line)
    {
        try
        {
            switch (line.Split(' ', StringSplitOptions.RemoveEmptyEntries))
            {
                case ["stop"]:
                    server.Stop();
                    return Ok;
                case ["start"]:
                    server.Start();
                    return Ok;
                case ["freeze"]:
                    server.Freeze();
                    return Ok;
                case ["thaw"]:
                    server.Thaw();
                    return Ok;
                case ["slow", var milliseconds]:
                    server.SlowDown(TimeSpan.FromMilliseconds(Number(milliseconds)));
                    return Ok;
                case ["fail", var command, var fault, .. var times] when times.Length < 2:
                    var (name, collection) = command.Split('@', 2) is [var one, var two] ? (one, two) : (command, null);
                    server.Fail(name, Read(fault), times is [] ? 1 : times[0] == "always" ? MockServer.Always : Number(times[0]), collection);
                    return Ok;
                case ["mend"]:
                    server.Mend();
                    return Ok;
                case ["track"]:
                    server.TrackCommands();
                    return Ok;
                case ["commands", .. var names] when names.Length < 2:
                    return string.Join('\n', [.. server.Commands(names.FirstOrDefault()).Select(request => request.Command.ToJson(OneLine)), Ok]);
                default:
                    return $"not a command: {line}";
            }
        }
        catch (Exception e) when (e is FormatException or OverflowException or ArgumentException or InvalidOperationException)
        {
            return e.Message;
        }
    }

    private static Fault Read(string fault) => fault.Split('=', ':') switch
    {
        ["error", var code] => new Fault.CommandError(Number(code)),
        ["write-errors", var code] => new Fault.WriteErrors(Number(code)),
        ["write-errors", var code, var documents] => new Fault.WriteErrors(Number(code), [.. documents.Split(',').Select(Number)]),
        ["write-concern", var code] => new Fault.WriteConcernError(Number(code)),
        ["lost-request"] => new Fault.LostRequest(),
        ["lost-answer"] => new Fault.LostAnswer(),
        _ => throw new FormatException($"not a fault: {fault}"),
    };

    private static int Number(string text) => int.Parse(text, NumberStyles.None, CultureInfo.InvariantCulture);
}
