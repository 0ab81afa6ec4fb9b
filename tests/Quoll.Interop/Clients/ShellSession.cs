using System.Diagnostics;
using System.Text.RegularExpressions;
using Quoll.Interop.Servers;

namespace Quoll.Interop.Clients;

/// <summary>
/// Apache's <c>zkCli.sh</c>, or <c>quoll shell</c>: a session fed line by line, or a single command with an exit code.
/// </summary>
internal sealed partial class ShellSession : IDisposable
{
    private const string Program = "/usr/share/zookeeper/bin/zkCli.sh";

    // This command changes nothing, and its answer shows that everything before it has been printed.
    private const string Separator = "printwatches";
    private const string SeparatorAnswer = "printwatches is on";

    private readonly ClientProgram _shell;

    private ShellSession(ClientProgram shell) => _shell = shell;

    public static async Task<ShellSession> OpenAsync(string address)
    {
        var session = new ShellSession(ClientProgram.Start(Command(Program, "-server", address, "-timeout", "10000")));
        await session._shell.ExpectAsync("WatchedEvent state:SyncConnected type:None path:null");
        await session.RunAsync(string.Empty);
        return session;
    }

    /// <summary>Ours, which says nothing before it is asked.</summary>
    public static ShellSession OpenQuoll(string address) =>
        new(ClientProgram.Start(Command(ServerCommand.QuollProgram, "shell", "--keep-going", "--yes", "--server", address)));

    /// <summary>Runs one command in a shell of its own.</summary>
    public static async Task<(int Code, IReadOnlyList<string> Output)> OnceAsync(string address, params string[] command)
    {
        using var shell = ClientProgram.Start(Command([Program, "-server", address, .. command]));
        var code = await shell.EndAsync();
        return (code, [.. shell.Said.Where(line => !line.StartsWith("SLF4J", StringComparison.Ordinal))]);
    }

    /// <summary>Runs a command and returns what it printed, errors included, in order.</summary>
    public async Task<string[]> RunAsync(string command)
    {
        _shell.Send(command);
        _shell.Send(Separator);
        var printed = new List<string>();
        while (await _shell.NextLineAsync($"the answer to '{command}'") is { } line)
        {
            if (line == SeparatorAnswer)
                return [.. printed];

            printed.Add(line);
        }

        throw new InvalidOperationException($"the shell ended at '{command}'\n{_shell}");
    }

    public async Task ExpectAsync(string command, params string[] printed)
    {
        var actual = await RunAsync(command);
        Assert.True(printed.SequenceEqual(actual), $"{command}\nexpected:\n{string.Join('\n', printed)}\n{_shell}");
    }

    /// <summary>Runs a command that makes a watch fire. The event's lines may come before the answer or after it.</summary>
    public async Task ExpectEventAsync(string command, string type, string path)
    {
        _shell.Send(command);
        await _shell.ExpectAsync($"WatchedEvent state:SyncConnected type:{type} path:{path}");
        await RunAsync(string.Empty);
    }

    /// <summary>The lines of a stat block, by name.</summary>
    public static Dictionary<string, string> Stat(IEnumerable<string> printed) =>
        printed.Select(line => StatLine().Match(line)).Where(line => line.Success)
            .ToDictionary(line => line.Groups[1].Value, line => line.Groups[2].Value);

    public async Task QuitAsync()
    {
        _shell.Send("quit");
        await _shell.FinishAsync();
    }

    public void Dispose() => _shell.Dispose();

    private static ProcessStartInfo Command(params string[] arguments)
    {
        // One pipe for output and errors, so that their order is kept.
        var command = new ProcessStartInfo("/bin/sh", ["-c", "exec \"$0\" \"$@\" 2>&1", .. arguments]);
        command.Environment["CLIENT_JVMFLAGS"] = "-Xmx128m -XX:+UseSerialGC -XX:TieredStopAtLevel=1";

        // Where times have a name of their own, and another in summer.
        command.Environment["TZ"] = "Europe/Berlin";
        return command;
    }

    [GeneratedRegex("^(\\w+) = (.*)$")]
    private static partial Regex StatLine();
}
