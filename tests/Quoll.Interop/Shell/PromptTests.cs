using System.Text.RegularExpressions;
using Quoll.Interop.Recipes;
using Quoll.Interop.Servers;

namespace Quoll.Interop.Shell;

public sealed partial class PromptTests(RecipeServers servers)
{
    // As it is seen. What differs from run to run stands as …
    private const string Transcript = """
        help lists the commands, Tab completes, quit ends.
        connected to …, session …
        [zk] create -e /app/workers/7 host:1
        Created /app/workers/7
        [zk] addWatch /app
        [zk] get /app/config
        on
        WATCHER:: WatchedEvent state:SyncConnected type:NodeDataChanged path:/app/config…
        [zk] get /app/config
        off
        [zk] tree /app
        /app
        ├── config
        └── workers
            └── 7 (…)
        [zk] delete /app
        Node not empty: /app (asked …)
        deleteall removes a znode with all below it.
        [zk] deleteall /app
        Delete /app and the 3 znodes below it? [y/N] n
        Nothing was done.
        [zk] history
        0 - create -e /app/workers/7 host:1
        1 - addWatch /app
        2 - get /app/config
        3 - get /app/config
        4 - tree /app
        5 - delete /app
        6 - deleteall /app
        7 - history
        [zk] redo 3
        off
        [zk]
        """;

    [Theory]
    [EachServer]
    public async Task A_page_of_commands_is_typed_in_a_terminal(ServerKind kind)
    {
        var root = await servers.CreateRootAsync(kind, "prompt");
        await using var other = await servers.ConnectAsync(kind, root);
        await other.CreateAsync("/app");
        await other.CreateAsync("/app/config", "on"u8.ToArray());
        await other.CreateAsync("/app/workers");
        using var terminal = new Terminal(
            120, 50, ServerCommand.QuollProgram, "shell", "--server", await servers.AddressesAsync(kind) + root);
        await terminal.UntilEndsWithAsync("]");
        await TypeAsync(terminal, "create -e /app/workers/7 host:1");
        await TypeAsync(terminal, "addWatch /app");

        // Tab finishes the command, and then the path, twice.
        terminal.Type("ge");
        terminal.Type("t /a");
        terminal.Press("Tab");
        await terminal.UntilEndsWithAsync("get /app");
        terminal.Type("/con");
        terminal.Press("Tab");
        await terminal.UntilEndsWithAsync("get /app/config");
        await TypeAsync(terminal, "");

        // What others do is told above the line that is being typed.
        terminal.Type("get /app/");
        await terminal.UntilEndsWithAsync("get /app/");
        await other.SetAsync("/app/config", "off"u8.ToArray());
        await terminal.UntilEndsWithAsync("] get /app/");
        await Deadline.UntilAsync(
            TimeSpan.FromSeconds(30), "the watch's word",
            () => Task.FromResult(terminal.Screen().Contains("WATCHER", StringComparison.Ordinal)));
        terminal.Press("Up");
        await terminal.UntilEndsWithAsync("get /app/config");
        await TypeAsync(terminal, "");
        foreach (var line in (string[])["tree /app", "delete /app"])
            await TypeAsync(terminal, line);
        terminal.Type("deleteall /app");
        terminal.Press("Enter");
        await terminal.UntilEndsWithAsync("[y/N]");
        await TypeAsync(terminal, "n");
        await TypeAsync(terminal, "history");
        await TypeAsync(terminal, "redo 3");

        var seen = Server().Replace(terminal.Screen(), "…");
        seen = Zxid().Replace(Session().Replace(Label().Replace(seen, "[zk]"), "…"), "…");
        Assert.Equal(Transcript, string.Join('\n', seen.Split('\n').Select(line => line.TrimEnd())));
    }

    private static async Task TypeAsync(Terminal terminal, string line)
    {
        terminal.Type(line);
        terminal.Press("Enter");
        await terminal.UntilEndsWithAsync("]");
    }

    [GeneratedRegex(@"^\[[0-9.:]+\]", RegexOptions.Multiline)]
    private static partial Regex Label();

    [GeneratedRegex(@"(?<=to |asked )[0-9.:]+(, below [^)]*)?")]
    private static partial Regex Server();

    [GeneratedRegex("0x[0-9a-f]+")]
    private static partial Regex Session();

    [GeneratedRegex("(?<=path:/app/config)( zxid: [0-9]+)?$", RegexOptions.Multiline)]
    private static partial Regex Zxid();
}
