using System.Diagnostics;
using Quoll.Interop.Servers;

namespace Quoll.Interop.Clients;

/// <summary>The C library: a program of ours on it, and the shell that comes with it.</summary>
public sealed class CClientTests
{
    private const string Shell = "/usr/lib/zookeeper/bin/cli_mt";

    [Theory, EachServer]
    public async Task A_C_program_does_its_work_and_keeps_its_session_over_a_restart(ServerKind kind)
    {
        using var directory = new TempDirectory();
        await CompilerRun.CAsync(ClientProgram.Source("c", "interop.c"), directory.File("interop"));
        await using var server = await ServerProcess.StartAsync(kind);
        using var client = ClientProgram.Start(directory.File("interop"), server.Address);

        await client.ExpectAsync("ready-for-restart");
        await server.RestartUnderAsync(client);

        await client.FinishWithStepsAsync("kinds", "errors", "watches", "acls", "transactions", "session", "watches-kept", "close");
    }

    [Theory, EachServer]
    public async Task The_C_shell_creates_reads_watches_and_deletes(ServerKind kind)
    {
        await using var server = await ServerProcess.StartAsync(kind);
        using var shell = ClientProgram.Start(new ProcessStartInfo("/bin/sh", ["-c", "exec \"$0\" \"$1\" 2>&1", Shell, server.Address]));
        await shell.ExpectAsync("Watcher SESSION_EVENT state = CONNECTED_STATE");

        // Each command, and a line of its answer; the next is sent when that has come.
        (string Command, string Line)[] script =
        [
            ("create /c", "\tname = /c"),
            ("create /c", "[/c]: rc = -110"),
            ("create +e /c/e", "\tname = /c/e"),
            ("create +s /c/s-", "\tname = /c/s-0000000001"),
            ("create +es /c/es-", "\tname = /c/es-0000000002"),
            ("create +c /c/box", "\tname = /c/box"),
            ("create +t=3600000 /c/t", "\tname = /c/t"),
            ("create2 +s /c/z-", "\tname = /c/z-0000000005"),
            ("create2 +t=3600000 /c/t2", "\tname = /c/t2"),
            ("set /c hello", "/c: rc = 0 Stat:"),
            ("get /c", "hello"),
            ("wexists /c/w", "Error -101 for /c/w"),
            ("create /c/w", "Watcher CREATED_EVENT state = CONNECTED_STATE for path /c/w"),
            ("delete /c", "/c: rc = -111"),
            ("delete /c/w", "/c/w: rc = 0"),
            ("set /c/w x", "/c/w: rc = -101 Stat:"),
            ("aget /c", "hello"),
            ("sync /c", "[/c]: rc = 0"),
            ("reconfig -remove 2", "-remove 2: rc = -123"),
        ];
        foreach (var (command, line) in script)
        {
            shell.Send(command);
            await shell.ExpectAsync(line);
        }

        shell.Send("quit");
        await shell.FinishAsync();
    }

    [Theory, EachServer]
    public async Task The_C_shell_lists_children_in_one_command(ServerKind kind)
    {
        await using var server = await ServerProcess.StartAsync(kind);
        using (var creator = ClientProgram.Start(Shell, "-h", server.Address, "-c", "create /made"))
            await creator.FinishAsync();

        using var lister = ClientProgram.Start(
            new ProcessStartInfo("/bin/sh", ["-c", "exec \"$0\" -h \"$1\" -c \"ls /\" 2>&1", Shell, server.Address]));
        var said = await lister.FinishAsync();

        Assert.Equal(["\tmade", "\tzookeeper"], said.Where(line => line.StartsWith('\t')).Order(StringComparer.Ordinal));
    }
}
