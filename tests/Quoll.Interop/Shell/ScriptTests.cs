using Quoll.Interop.Recipes;
using Quoll.Interop.Servers;

namespace Quoll.Interop.Shell;

/// <summary>Lines on standard input, and signals.</summary>
public sealed class ScriptTests(RecipeServers servers)
{
    [Theory]
    [EachServer]
    public async Task Watches_of_a_script_are_told_taken_off_and_muted(ServerKind kind)
    {
        var shell = await OpenAsync(kind);
        await shell.DoAsync("create", "/w", "1");
        using var script = shell.Start("shell", "--keep-going");
        string[] first = ["addWatch -m PERSISTENT /w", "get /w watch", "removewatches -c /w", "removewatches -p /w", "set /w 2"];
        foreach (var line in first)
            script.Send(line);
        await script.ExpectAsync("'get path [watch]' has been deprecated. Please use 'get [-s] [-w] path' instead.");
        await script.ExpectAsync("1");
        await script.ExpectAsync("No such watch of this prompt is on /w.");
        await script.ExpectAsync(line => line.StartsWith(
            "WATCHER:: WatchedEvent state:SyncConnected type:NodeDataChanged path:/w", StringComparison.Ordinal));

        // Once only; then those of all kinds, of which one is muted and one taken off.
        foreach (var line in (string[])["set /w 3", "ls -w /w", "addWatch /w", "removewatches -l /w", "create /w/x", "printwatches off"])
            script.Send(line);
        foreach (var line in (string[])["ls -w /w", "create /w/y", "printwatches", "quit"])
            script.Send(line);
        Assert.Equal(1, await script.EndAsync());
        string[] rest = [.. script.Said.SkipWhile(line => !line.StartsWith("WATCHER", StringComparison.Ordinal)).Skip(1)];
        Assert.Equal(["[]", "Created /w/x", "[x]", "Created /w/y", "printwatches is off"], rest);
    }

    [Theory]
    [EachServer]
    public async Task A_script_ends_at_the_first_line_that_fails_unless_it_is_to_go_on(ServerKind kind)
    {
        var shell = await OpenAsync(kind);
        Assert.Equal(
            ["Created /one", "[one]"],
            await shell.ScriptAsync("# a comment", "", "create /one 'first data'", "ls /", "quit", "create /after x"));
        using var script = shell.Start("shell");
        foreach (var line in (string[])["get /one", "close", "get /nope", "create /two x"])
            script.Send(line);
        Assert.Equal(1, await script.EndAsync());
        Assert.Equal("first data", script.Said[0]);
        Assert.StartsWith("Node does not exist: /nope", script.Said[1], StringComparison.Ordinal);
        Assert.Equal("Line 3 failed: get /nope", script.Said[^1]);
        Assert.Equal(["[one]"], await shell.DoAsync("ls", "/"));
    }

    [Theory]
    [EachServer]
    public async Task All_commands_go_to_the_servers_that_connect_has_named(ServerKind kind)
    {
        var address = await servers.AddressesAsync(kind) + await servers.CreateRootAsync(kind, "shell");
        var nowhere = new QuollShell("127.0.0.1:1");
        var said = await nowhere.ScriptAsync(
            $"connect {address}", "create /here x", "status -o json", "bench get --seconds 1 --sessions 1 --rate 10 -o json",
            "get /here -o json");
        Assert.StartsWith("connected to ", said[0]);
        Assert.Equal("Created /here", said[1]);
        Assert.Contains("\"answers\":true", said[2], StringComparison.Ordinal);
        Assert.Contains("\"failed\":0", said[3], StringComparison.Ordinal);
        Assert.Contains("\"data\":\"x\"", said[4], StringComparison.Ordinal);
    }

    [Theory]
    [EachServer]
    public async Task Who_is_interrupted_gives_back_what_is_held(ServerKind kind)
    {
        var shell = await OpenAsync(kind);
        foreach (var ends in (Action<Clients.ClientProgram>[])[program => program.Interrupt(), program => program.Terminate()])
        {
            const string program = "sleep 1000 & trap \"echo told; kill $!; exit 3\" TERM; echo held; wait";
            using var holder = shell.Start("lock", "/l", "--", "sh", "-c", program);
            await holder.ExpectAsync("held");
            ends(holder);
            await holder.ExpectAsync("told");
            Assert.Equal(3, await holder.EndAsync());

            // At once, and not when a session times out.
            Assert.Equal(["[]"], await shell.DoAsync("ls", "/l"));
        }

        await shell.DoAsync("create", "/w");
        using var stream = shell.Start("addWatch", "/w");
        await stream.ExpectAsync("Watching /w; Ctrl+C ends it.");
        await shell.DoAsync("create", "/w/event");
        await stream.ExpectAsync(line => line.StartsWith("WATCHER", StringComparison.Ordinal));
        stream.Interrupt();
        Assert.Equal(130, await stream.EndAsync());
        using var prompt = shell.Start("shell");
        prompt.Send("ls /w");
        await prompt.ExpectAsync("[event]");
        prompt.Terminate();
        Assert.Null(await prompt.NextLineAsync("its end, before that of its input"));
        Assert.Equal(130, await prompt.EndAsync());
    }

    private async Task<QuollShell> OpenAsync(ServerKind kind) =>
        new(await servers.AddressesAsync(kind) + await servers.CreateRootAsync(kind, "script"));
}
