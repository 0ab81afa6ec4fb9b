using System.CommandLine;
using Quoll.Client;

namespace Quoll.Cli.Shell;

/// <summary>Commands that look at znodes.</summary>
internal static class ReadCommands
{
    public static IEnumerable<Command> All(ShellContext shell) =>
        [List(shell), Get(shell), Stat(shell), Count(shell), Ephemerals(shell), Sync(shell)];

    private static Command List(ShellContext shell)
    {
        var (path, stat, watch) = (ShellCommands.Path(shell), ShellCommands.StatFlag(), new WatchFlag());
        var recursive = new Option<bool>("-R") { Description = "With all that is below." };
        var command = new Command("ls", "List the children of a znode.\nquoll ls -R /app")
        {
            path, stat, watch.Option, recursive, watch.Word,
        };
        shell.SetAction(command, async invocation =>
        {
            var (client, at) = (await invocation.ConnectAsync(), invocation.Get(path));
            if (invocation.Get(recursive))
            {
                if (watch.IsSet(invocation))
                    throw new UsageException("-R and -w do not go together: addWatch tells of all changes below a znode.");

                // In zkCli's order: all children of a znode, then what is below each.
                await foreach (var visited in Subtree.WalkAsync(client, at, SubtreeParts.None, invocation.Stop))
                {
                    var below = visited.Children.Select(name => Subtree.Join(visited.Path, name));
                    foreach (var listed in visited.Depth == 0 ? below.Prepend(at) : below)
                        invocation.ShowText(listed);
                }

                return;
            }

            Watch? changed = null;
            ZnodeChildren children;
            if (watch.IsSet(invocation))
                (children, changed) = await client.GetChildrenAndWatchAsync(at, invocation.Stop);
            else
                children = await client.GetChildrenAsync(at, invocation.Stop);
            Array.Sort(children.Names, string.CompareOrdinal);
            var names = $"[{string.Join(", ", children.Names)}]";
            invocation.Show(
                () => invocation.Get(stat) ? $"{names}\n{StatText.Write(children.Stat)}" : names,
                json => json.Strings(children.Names));
            await WatchCommands.FollowAsync(invocation, changed, WatchKinds.Children);
        });
        return command;
    }

    private static Command Get(ShellContext shell)
    {
        var (path, stat, watch) = (ShellCommands.Path(shell), ShellCommands.StatFlag(), new WatchFlag());
        var base64 = new Option<bool>("-b") { Description = "As base64." };
        var dump = new Option<bool>("-x") { Description = "As a table of bytes." };
        var command = new Command("get", "Show the data of a znode.\nquoll get -s /app/config")
        {
            path, stat, watch.Option, base64, dump, watch.Word,
        };
        shell.SetAction(command, async invocation =>
        {
            var (client, at) = (await invocation.ConnectAsync(), invocation.Get(path));
            Watch? changed = null;
            Znode znode;
            if (watch.IsSet(invocation))
                (znode, changed) = await client.GetAndWatchAsync(at, invocation.Stop);
            else
                znode = await client.GetAsync(at, invocation.Stop);
            var format = invocation.Get(base64) ? ByteFormat.Base64 : invocation.Bytes;
            var data = znode.IsDataNull ? "null"u8.ToArray() : znode.Data;
            var written = invocation.Get(dump) ? ZnodeBytes.Dump(data) : ZnodeBytes.Write(data, format);
            invocation.Show(
                () => invocation.Get(stat) ? $"{written}\n{StatText.Write(znode.Stat)}" : written,
                json => json.Object(() =>
                {
                    json.Writer.WriteString("path", at);
                    json.Data(znode.IsDataNull ? null : znode.Data, format);
                    json.Stat(znode.Stat);
                }));
            await WatchCommands.FollowAsync(invocation, changed);
        });
        return command;
    }

    private static Command Stat(ShellContext shell)
    {
        var (path, watch) = (ShellCommands.Path(shell), new WatchFlag());
        var command = new Command("stat", "Show the stat of a znode.\nquoll stat /app/config") { path, watch.Option, watch.Word };
        shell.SetAction(command, async invocation =>
        {
            var (client, at) = (await invocation.ConnectAsync(), invocation.Get(path));
            Watch? changed = null;
            Quoll.Protocol.Records.Stat? found;
            if (watch.IsSet(invocation))
                (found, changed) = await client.ExistsAndWatchAsync(at, invocation.Stop);
            else
                found = await client.ExistsAsync(at, invocation.Stop);
            if (found is { } stat)
                invocation.Show(() => StatText.Write(stat), json => json.Object(() => json.Stat(stat)));
            else if (changed is null)
                throw new NoNodeException(at, $"There is no {at}.");
            else
                invocation.Console.Error($"Node does not exist: {at}");

            await WatchCommands.FollowAsync(invocation, changed);
        });
        return command;
    }

    private static Command Count(ShellContext shell)
    {
        var path = ShellCommands.Path(shell);
        var command = new Command("getAllChildrenNumber", "Count the znodes below one, at any depth.\nquoll getAllChildrenNumber /app")
        {
            path,
        };
        shell.SetAction(command, async invocation =>
        {
            var count = await (await invocation.ConnectAsync()).CountDescendantsAsync(invocation.Get(path), invocation.Stop);
            invocation.Show(() => $"{count}", json => json.Writer.WriteNumberValue(count));
        });
        return command;
    }

    private static Command Ephemerals(ShellContext shell)
    {
        var path = ShellCommands.Path(shell);
        path.Arity = ArgumentArity.ZeroOrOne;
        path.DefaultValueFactory = _ => "/";
        var command = new Command("getEphemerals", "List the ephemeral znodes of this session, below a path.\ngetEphemerals /workers")
        {
            path,
        };
        shell.SetAction(command, async invocation =>
        {
            var client = await invocation.ConnectAsync();
            var found = await client.GetEphemeralsAsync(invocation.Get(path), invocation.Stop);
            Array.Sort(found, string.CompareOrdinal);
            invocation.Show(() => $"[{string.Join(", ", found)}]", json => json.Strings(found));
        });
        return command;
    }

    private static Command Sync(ShellContext shell)
    {
        var path = ShellCommands.Path(shell);
        var command = new Command("sync", "Wait until this server has all that the leader has.\nquoll sync /") { path };
        shell.SetAction(command, async invocation =>
        {
            await (await invocation.ConnectAsync()).SyncAsync(invocation.Get(path), invocation.Stop);
            invocation.Show(() => "Sync is OK", json => json.Writer.WriteBooleanValue(true));
        });
        return command;
    }
}
