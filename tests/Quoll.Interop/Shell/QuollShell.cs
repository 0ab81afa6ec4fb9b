using System.Diagnostics;
using Quoll.Interop.Clients;
using Quoll.Interop.Servers;

namespace Quoll.Interop.Shell;

/// <summary>Runs of the program <c>quoll</c>, each for one command.</summary>
/// <param name="address">Which servers.</param>
internal sealed class QuollShell(string address)
{
    public string Address => address;

    /// <summary>Runs one; errors stand among what it printed.</summary>
    public async Task<(int Code, string[] Printed)> RunAsync(params string[] command)
    {
        using var program = Start(command);
        var code = await program.EndAsync();
        return (code, [.. program.Said]);
    }

    /// <summary>Runs one that must do what it is told, and returns what it printed.</summary>
    public async Task<string[]> DoAsync(params string[] command)
    {
        var (code, printed) = await RunAsync(command);
        Assert.True(code == 0, $"quoll {string.Join(' ', command)}: {code}\n{string.Join('\n', printed)}");
        return printed;
    }

    /// <summary>Runs the lines of a script, which all must do what they are told, and returns what they printed.</summary>
    public async Task<string[]> ScriptAsync(params string[] lines)
    {
        using var program = Start("shell");
        foreach (var line in lines)
            program.Send(line);
        return [.. await program.FinishAsync()];
    }

    /// <summary>Edits a znode with an editor that needs nobody, and returns what was said.</summary>
    public async Task<string[]> EditAsync(string path, string editor, params string[] options)
    {
        using var program = Start(["edit", path, .. options], editor);
        await program.EndAsync();
        return [.. program.Said];
    }

    /// <summary>Starts one that goes on.</summary>
    public ClientProgram Start(params string[] command) => Start(command, editor: "false");

    private ClientProgram Start(string[] command, string editor)
    {
        var start = new ProcessStartInfo("/bin/sh", ["-c", "exec \"$0\" \"$@\" 2>&1", ServerCommand.QuollProgram, .. command]);
        start.Environment["QUOLL_SERVER"] = address;
        start.Environment["EDITOR"] = editor;
        return ClientProgram.Start(start);
    }
}
