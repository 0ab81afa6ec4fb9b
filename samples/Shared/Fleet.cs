using System.Collections.Concurrent;
using System.Diagnostics;

namespace Quoll.Samples;

/// <summary>Processes of this same program. They end with the one that has started them, even if that is killed.</summary>
public sealed class Fleet : IAsyncDisposable
{
    private readonly ConcurrentBag<Actor> _actors = [];

    /// <summary>Starts one.</summary>
    public Actor Start(Action<string> said, IReadOnlyList<string> arguments)
    {
        var command = new ProcessStartInfo(Environment.ProcessPath!)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
        };

        // `dotnet program.dll`, or the program by itself.
        if (Path.GetFileNameWithoutExtension(Environment.ProcessPath) == "dotnet")
            command.ArgumentList.Add(Environment.GetCommandLineArgs()[0]);
        foreach (var argument in arguments)
            command.ArgumentList.Add(argument);

        // Small, as there may be twenty of them: garbage is collected after a megabyte, and not after as many as the processor's cache has.
        command.Environment["DOTNET_GCgen0size"] = "0x100000";
        var actor = new Actor(Process.Start(command)!, said);
        _actors.Add(actor);
        return actor;
    }

    /// <summary>Ends all of them, in order.</summary>
    public async ValueTask DisposeAsync() => await Task.WhenAll(_actors.Select(actor => actor.EndAsync()));
}

/// <summary>A process in a role.</summary>
public sealed class Actor
{
    // Longer than it takes to leave in order, also for twenty at once.
    private static readonly TimeSpan LeavesWithin = TimeSpan.FromSeconds(5);

    private readonly Process _process;
    private readonly Task _reading;

    internal Actor(Process process, Action<string> said)
    {
        _process = process;
        _reading = ReadAsync(said);
    }

    /// <summary>Its number, for <c>kill</c>.</summary>
    public int Pid => _process.Id;

    /// <summary>Whether it runs.</summary>
    public bool IsRunning => !_process.HasExited;

    /// <summary>Tells it a line.</summary>
    public void Tell(string line) => _process.StandardInput.WriteLine(line);

    /// <summary>Kills it, without a chance to say farewell: its session ends when its timeout is over.</summary>
    public void Kill() => _process.Kill();

    internal async Task EndAsync()
    {
        try
        {
            _process.StandardInput.Close();
        }
        catch (IOException)
        {
            // It has ended before it read all.
        }

        try
        {
            await _process.WaitForExitAsync().WaitAsync(LeavesWithin);
        }
        catch (TimeoutException)
        {
            // Somebody has stopped it (kill -STOP), and it does not see that it is to end.
            _process.Kill();
        }

        await _reading;
        _process.Dispose();
    }

    private async Task ReadAsync(Action<string> said)
    {
        while (await _process.StandardOutput.ReadLineAsync() is { } line)
            said(line);
    }
}
