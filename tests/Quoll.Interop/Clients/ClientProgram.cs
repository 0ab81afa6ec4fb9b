using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Threading.Channels;
using Quoll.Interop.Servers;

namespace Quoll.Interop.Clients;

/// <summary>A client as a real process: it says <c>ok step</c> as it goes, and ends with 0 or with what went wrong.</summary>
internal sealed class ClientProgram : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(90);
    private static readonly TimeSpan EndsWithin = TimeSpan.FromMinutes(5);

    // Bounded: at the limit the reading stops, the pipe fills, and the program waits for us.
    private readonly Channel<string> _lines = Channel.CreateBounded<string>(4096);
    private readonly List<string> _said = [];
    private readonly OutputTail _everything = new();
    private readonly Process _process;

    private ClientProgram(ProcessStartInfo command)
    {
        command.RedirectStandardInput = true;
        command.RedirectStandardOutput = true;
        command.RedirectStandardError = true;
        _process = Process.Start(command)!;
        _ = ReadAsync();
    }

    /// <summary>The lines of its standard output read so far.</summary>
    public IReadOnlyList<string> Said => _said;

    public static ClientProgram Start(string program, params string[] arguments) => new(new ProcessStartInfo(program, arguments));

    public static ClientProgram Start(ProcessStartInfo command) => new(command);

    /// <summary>A script of ours on Debian's Python, which is the one that has kazoo.</summary>
    public static ClientProgram Python(string script, params string[] arguments) =>
        Start("/usr/bin/python3", ["-B", "-u", Source("python", script), .. arguments]);

    /// <summary>Where a client program's source was copied to by the build.</summary>
    public static string Source(params string[] parts) => Path.Combine([AppContext.BaseDirectory, "Clients", .. parts]);

    public void Send(string line)
    {
        _process.StandardInput.WriteLine(line);
        _process.StandardInput.Flush();
    }

    public void Suspend() => Signals.Suspend(_process);

    public void Resume() => Signals.Resume(_process);

    public void Interrupt() => Signals.Interrupt(_process);

    public void Terminate() => Signals.Terminate(_process);

    public void HangUp() => Signals.HangUp(_process);

    public int Pid => _process.Id;

    /// <summary>Kills it, without a chance to say farewell.</summary>
    public void Kill() => _process.Kill();

    /// <summary>Waits for a line; one that ends before it is a failure.</summary>
    public Task ExpectAsync(string expected) => ExpectAsync(line => line == expected, expected);

    /// <summary>Waits for a line like this and returns it; one that ends before it is a failure.</summary>
    public async Task<string> ExpectAsync(
        Func<string, bool> isExpected, [CallerArgumentExpression(nameof(isExpected))] string expected = "")
    {
        while (await NextLineAsync($"the line '{expected}'") is { } line)
        {
            if (isExpected(line))
                return line;
        }

        throw new EndOfStreamException($"it ended before it said '{expected}'\n{_everything}");
    }

    /// <summary>Lets it run to its end, which must be a good one.</summary>
    public async Task<IReadOnlyList<string>> FinishAsync()
    {
        var code = await EndAsync();
        Assert.True(code == 0, $"it ended with {code}\n{_everything}");
        return _said;
    }

    public async Task<int> EndAsync()
    {
        _process.StandardInput.Close();

        // One that goes on and on, and says so, has not ended.
        var start = Stopwatch.GetTimestamp();
        while (await NextLineAsync("its end") is not null)
            Assert.True(Stopwatch.GetElapsedTime(start) < EndsWithin, $"it did not end\n{_everything}");

        using var patience = new CancellationTokenSource(Patience);
        await _process.WaitForExitAsync(patience.Token);
        return _process.ExitCode;
    }

    /// <summary>Runs it to its good end and checks that it took every one of these steps.</summary>
    public async Task FinishWithStepsAsync(params string[] steps)
    {
        var said = await FinishAsync();
        Assert.Equal(steps, said.Where(line => line.StartsWith("ok ", StringComparison.Ordinal)).Select(line => line[3..]));
    }

    /// <summary>The next line of its standard output; null at its end.</summary>
    public async Task<string?> NextLineAsync(string awaited)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        patience.CancelAfter(Patience);
        try
        {
            while (await _lines.Reader.WaitToReadAsync(patience.Token))
            {
                if (_lines.Reader.TryRead(out var line))
                {
                    _said.Add(line);
                    return line;
                }
            }

            return null;
        }
        catch (OperationCanceledException)
        {
            throw new TimeoutException($"no sign of {awaited} within {Patience.TotalSeconds} s\n{_everything}");
        }
    }

    public override string ToString() => _everything.ToString();

    public void Dispose()
    {
        if (!_process.HasExited)
            _process.Kill(entireProcessTree: true);

        _process.WaitForExit();
        _process.Dispose();
    }

    private async Task ReadAsync()
    {
        var errors = ReadErrorsAsync();
        while (await _process.StandardOutput.ReadLineAsync() is { } line)
        {
            _everything.Add(line);
            await _lines.Writer.WriteAsync(line);
        }

        // Only after the errors too, so that a failure's message has them.
        await errors;
        _lines.Writer.Complete();
    }

    private async Task ReadErrorsAsync()
    {
        while (await _process.StandardError.ReadLineAsync() is { } line)
            _everything.Add(line);
    }
}
