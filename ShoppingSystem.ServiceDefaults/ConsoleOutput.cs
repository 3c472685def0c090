using System.Globalization;
using System.Text;
using Microsoft.Win32.SafeHandles;

namespace ShoppingSystem.ServiceDefaults;

/// <summary>
/// A standard stream that never blocks its writers. Writers put text into a buffer; a separate thread writes it to the stream.
/// While the stream accepts nothing (a pipe that nobody reads, a full disk), text that does not fit into the buffer is dropped
/// and counted; when the stream accepts text again, a line says how much is missing.
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

    private readonly Action<ReadOnlySpan<byte>> _write;
    private readonly Encoding _encoding;
    private readonly int _capacity;
    private readonly object _gate = new();
    private StringBuilder _waiting = new();
    private StringBuilder _spare = new();
    private bool _isWriting;
    private long _messages;
    private long _dropped;

    /// <param name="write">Writes bytes to the stream.</param>
    /// <param name="encoding">The encoding of the text.</param>
    /// <param name="capacity">The most characters that are buffered, in addition to those that are being written.</param>
    public ConsoleOutput(Action<ReadOnlySpan<byte>> write, Encoding encoding, int capacity = DefaultCapacity) : base(CultureInfo.InvariantCulture)
    {
        _write = write;
        _encoding = encoding;
        _capacity = capacity;
        new Thread(WriteAll) { IsBackground = true, Name = "console" }.Start();
    }

    public override Encoding Encoding => _encoding;

    /// <summary>From now on, nothing in this process blocks on standard output or standard error.</summary>
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

    /// <summary>Waits until the stream has accepted the text written so far, or until the limit is over.</summary>
    /// <param name="limit">The longest time to wait.</param>
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
                // On Unix, the console's own streams lock Console.Out while they write, and would block every other writer.
                var output = new ConsoleOutput(OperatingSystem.IsWindows() ? open().Write : bytes => Descriptor.Write(handle, bytes), Console.OutputEncoding);
                AppDomain.CurrentDomain.ProcessExit += (_, _) => output.Drain(LastMoment);
                AppDomain.CurrentDomain.UnhandledException += (_, _) => output.Drain(LastMoment);
                return output;
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException)
        {
            // The stream does not exist, or can't be written to.
        }

        return Null;
    }

    // The runtime opens files before any of our code runs, and the first of them get the descriptors of closed standard streams:
    // text would be written into these files. The flag tells them apart: the runtime always opens files with close-on-exec,
    // inherited descriptors never have it.
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

    // For the same reason, no connection and no data file may get the descriptor of a standard stream later.
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

    private void WriteAll()
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
                WriteToStream(Missing(lost));
                WriteToStream(text.ToString());
                WriteToStream(Missing(dropped));
                lost = 0;
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException or ObjectDisposedException)
            {
                lost += messages + dropped;
            }

            text.Clear();
        }
    }

    private void WriteToStream(string text)
    {
        // The size up to which a write to a pipe is atomic: all of it or nothing.
        const int AtATime = 4096;
        for (var bytes = _encoding.GetBytes(text).AsMemory(); bytes.Length > 0;)
        {
            var next = bytes[..Math.Min(AtATime, bytes.Length)];
            try
            {
                _write(next.Span);
                bytes = bytes[next.Length..];
            }
            catch (IOException e) when (e.HResult is TryAgainOnLinux or TryAgainOnMac)
            {
                // Another process that shares the stream has made it non-blocking.
                Thread.Sleep(UntilNextTry);
            }
        }
    }

    private string Missing(long messages) => messages == 0
        ? ""
        : string.Create(CultureInfo.InvariantCulture, $"{messages} messages are missing here: the output was not taken.{NewLine}");
}
