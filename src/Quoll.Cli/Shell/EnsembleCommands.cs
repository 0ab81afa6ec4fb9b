using System.CommandLine;
using System.Globalization;
using System.Text;
using Quoll.Client;

namespace Quoll.Cli.Shell;

/// <summary>Commands about the servers that an ensemble consists of.</summary>
internal static class EnsembleCommands
{
    public static IEnumerable<Command> All(ShellContext shell) => [Config(shell), Reconfig(shell)];

    private static Command Config(ShellContext shell)
    {
        var (stat, watch) = (ShellCommands.StatFlag(), ShellCommands.WatchFlag());
        var forClients = new Option<bool>("-c") { Description = "Only the version, and what clients connect to." };
        var command = new Command("config", "Show which servers there are, as they themselves say.\nquoll config -c")
        {
            stat, watch, forClients,
        };
        shell.SetAction(command, async invocation =>
        {
            var client = await invocation.ConnectAsync();
            Watch? changed = null;
            Znode znode;
            if (invocation.Get(watch))
                (znode, changed) = await client.GetConfigAndWatchAsync(invocation.Stop);
            else
                znode = await client.GetConfigAsync(invocation.Stop);
            var text = Encoding.UTF8.GetString(znode.Data);
            Show(invocation, invocation.Get(forClients) ? EnsembleText.ForClients(text) : text, invocation.Get(stat) ? znode : null);
            await WatchCommands.FollowAsync(invocation, changed);
        });
        return command;
    }

    private static Command Reconfig(ShellContext shell)
    {
        var stat = ShellCommands.StatFlag();
        var version = new Option<string?>("-v") { Description = "Only if the configuration has this version.", HelpName = "version" };
        var add = List("-add", "Servers that join, as server.4=host:2888:3888;2181, separated by commas.", "servers");
        var remove = List("-remove", "Numbers of servers that leave, separated by commas.", "numbers");
        var members = List("-members", "All the servers that are to be, instead.", "servers");
        var file = new Option<FileInfo?>("-file", "--file") { Description = "All the servers that are to be, from a file of their lines." };
        var command = new Command(
            "reconfig",
            "Change which servers the ensemble consists of. Quoll's leaders refuse it; their servers go by their files.\n"
            + "quoll reconfig -remove 3 -add 'server.4=zk4:2888:3888;2181'")
        {
            stat, version, add, remove, members, file,
        };
        shell.SetAction(command, async invocation =>
        {
            if (invocation.Get(members) is not null && invocation.Get(file) is not null)
                throw new UsageException("-file and -members do not go together.");
            var lines = invocation.Get(file) is { } given ? await EnsembleText.ReadFileAsync(given, invocation.Stop) : null;
            var change = new Reconfiguration
            {
                Joining = Items(invocation.Get(add)),
                Leaving = [.. Items(invocation.Get(remove)).Select(Number)],
                Members = lines ?? Items(invocation.Get(members)),
                Version = invocation.Get(version) is { } hex ? Hex(hex) : -1,
            };
            var znode = await (await invocation.ConnectAsync()).ReconfigureAsync(change, invocation.Stop);
            var text = $"Committed new configuration:\n{Encoding.UTF8.GetString(znode.Data)}";
            Show(invocation, text, invocation.Get(stat) ? znode : null);
        });
        return command;
    }

    private static void Show(Invocation invocation, string text, Znode? znode) => invocation.Show(
        () => znode is { } shown ? $"{text}\n{StatText.Write(shown.Stat)}" : text,
        json => json.Strings(text.Split('\n', StringSplitOptions.RemoveEmptyEntries)));

    private static Option<string?> List(string name, string description, string help) => new(name, $"-{name}")
    {
        Description = description,
        HelpName = help,
    };

    private static string[] Items(string? list) =>
        list?.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries) ?? [];

    private static long Number(string text) => long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number)
        ? number
        : throw new UsageException($"-remove {text}: expected the number of a server.");

    // As config shows it.
    private static long Hex(string text) => long.TryParse(text, NumberStyles.HexNumber, CultureInfo.InvariantCulture, out var number)
        ? number
        : throw new UsageException($"-v {text}: expected the version of a configuration, in hexadecimal digits.");
}
