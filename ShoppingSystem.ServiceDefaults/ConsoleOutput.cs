using System.Globalization;
using System.Text;
using Microsoft.Win32.SafeHandles;

namespace ShoppingSystem.ServiceDefaults;

/// <summary>
/// A standard stream that is never waited for. Whoever writes leaves the text here; a thread of its own passes it on. While the
/// stream takes nothing (a pipe that is not read, a disk that is full), what no longer fits is dropped and counted, and once it
/// takes something again it says how much is missing.
/// </summary>
internal sealed class ConsoleOutput : TextWriter
{
    private const int DefaultCapacity = 1024 * 1024;
    private const int FirstOfOurOwn = 3;
    private const int TryAgainOnLinux = 11;
    private const int TryAgainOnMac = 35;
    private static readonly TimeSpan LastMoment = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan UntilNextTry = TimeSpan.FromMilliseconds(10);

    private static readonly List<SafeFileHandle> Kept = [];

    private readonly Stream _stream;
    private readonly Encoding _encoding;
    private readonly int _capacity;
    private readonly object _gate = new();
    private StringBuilder _waiting = new();
    private StringBuilder _spare = new();
    private bool _isWriting;
    private long _messages;
    private long _dropped;

    /// <param name="stream">Where the text goes.</param>
    /// <param name="encoding">The bytes that it becomes.</param>
    /// <param name="capacity">The most characters that wait for it, beside those that it is being given.</param>
    public ConsoleOutput(Stream stream, Encoding encoding, int capacity = DefaultCapacity) : base(CultureInfo.InvariantCulture)
    {
        _stream = stream;
        _encoding = encoding;
        _capacity = capacity;
        new Thread(PassOn) { IsBackground = true, Name = "console" }.Start();
    }

    public override Encoding Encoding => _encoding;

    /// <summary>From now on, nothing in this process waits for standard output or standard error.</summary>
    public static void NeverWait()
    {
        Console.SetOut(Of(1, Console.OpenStandardOutput));
        Console.SetError(Of(2, Console.OpenStandardError));
        KeepStandardHandles();
    }

    public override void Write(char value) => Write([value]);

    public override void Write(char[] buffer, int index, int count) => Write(buffer.AsSpan(index, count));

    public override void Write(string? value) => Write(value.AsSpan());

    public override void WriteLine(string? value) => Write(value.AsSpan(), CoreNewLine);

    public override void Write(ReadOnlySpan<char> buffer) => Write(buffer, []);

    /// <summary>Waits until the stream has taken what was written so far, though not for long.</summary>
    /// <param name="limit">How long at most.</param>
    public void Drain(TimeSpan limit)
    {
        var end = Environment.TickCount64 + (long)limit.TotalMilliseconds;
        lock (_gate)
        {
            while ((_isWriting || _waiting.Length > 0) && end - Environment.TickCount64 is > 0 and var left)
            {
                Monitor.Wait(_gate, TimeSpan.FromMilliseconds(left));
            }
        }
    }

    private static TextWriter Of(int handle, Func<Stream> open)
    {
        try
        {
            if (!IsClosed(handle))
            {
                // On Unix, the console's own streams lock Console.Out while they write: whoever prints would wait for that.
                var stream = OperatingSystem.IsWindows() ? open() : new DescriptorStream(handle);
                var output = new ConsoleOutput(stream, Console.OutputEncoding);
                AppDomain.CurrentDomain.ProcessExit += (_, _) => output.Drain(LastMoment);
                AppDomain.CurrentDomain.UnhandledException += (_, _) => output.Drain(LastMoment);
                return output;
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException)
        {
            // There is no such stream, or none that can be written to.
        }

        return Null;
    }

    // The runtime opens files before any of our code runs, and the first of them take the numbers of streams that are closed:
    // text would end up in them. What was inherited is never marked to be closed on exec, and what the runtime opens always is.
    private static bool IsClosed(int handle)
    {
        const int CloseOnExec = 0x80000;
        const string Flags = "flags:";
        var information = $"/proc/self/fdinfo/{handle}";
        return OperatingSystem.IsLinux()
            && (!File.Exists(information)
                || File.ReadLines(information).FirstOrDefault(line => line.StartsWith(Flags, StringComparison.Ordinal)) is { } line
                && (Convert.ToInt32(line[Flags.Length..].Trim(), 8) & CloseOnExec) != 0);
    }

    // Likewise, no connection and no data file may get the number of a standard stream later on.
    private static void KeepStandardHandles()
    {
        while (OperatingSystem.IsLinux())
        {
            var file = File.OpenHandle("/dev/null", FileMode.Open, FileAccess.ReadWrite);
            if (file.DangerousGetHandle() >= FirstOfOurOwn)
            {
                file.Dispose();
                return;
            }

            Kept.Add(file);
        }
    }

    private void Write(ReadOnlySpan<char> text, ReadOnlySpan<char> end)
    {
        lock (_gate)
        {
            if (_waiting.Length + text.Length + end.Length > _capacity)
            {
                _dropped++;
                return;
            }

            _waiting.Append(text).Append(end);
            _messages++;
            Monitor.PulseAll(_gate);
        }
    }

    private void PassOn()
    {
        var lost = 0L;
        while (true)
        {
            StringBuilder text;
            long messages;
            long dropped;
            lock (_gate)
            {
                _isWriting = false;
                Monitor.PulseAll(_gate);
                while (_waiting.Length == 0)
                {
                    Monitor.Wait(_gate);
                }

                (text, _waiting, _spare) = (_waiting, _spare, _waiting);
                (messages, _messages) = (_messages, 0);
                (dropped, _dropped) = (_dropped, 0);
                _isWriting = true;
            }

            try
            {
                PassOn(Missing(lost));
                PassOn(text.ToString());
                PassOn(Missing(dropped));
                lost = 0;
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException or ObjectDisposedException)
            {
                lost += messages + dropped;
            }

            text.Clear();
        }
    }

    private void PassOn(string text)
    {
        // As much at a time as a pipe takes as a whole or not at all.
        const int AtATime = 4096;
        for (var bytes = _encoding.GetBytes(text).AsMemory(); bytes.Length > 0;)
        {
            var next = bytes[..Math.Min(AtATime, bytes.Length)];
            try
            {
                _stream.Write(next.Span);
                bytes = bytes[next.Length..];
            }
            catch (IOException e) when (e.HResult is TryAgainOnLinux or TryAgainOnMac)
            {
                // Whoever shares the stream made it one that does not wait.
                Thread.Sleep(UntilNextTry);
            }
        }
    }

    private string Missing(long messages) => messages == 0
        ? ""
        : string.Create(CultureInfo.InvariantCulture, $"{messages} messages are missing here: the output was not taken.{NewLine}");
}
