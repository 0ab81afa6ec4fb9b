using System.CommandLine;
using Quoll.Client;

namespace Quoll.Cli.Shell;

/// <summary>Commands that remove znodes.</summary>
internal static class DeleteCommands
{
    public static IEnumerable<Command> All(ShellContext shell) => [Delete(shell), DeleteAll(shell)];

    private static Command Delete(ShellContext shell)
    {
        var (path, version) = (ShellCommands.Path(shell), ShellCommands.Version());
        var command = new Command("delete", "Delete a znode that has no children.\nquoll delete -v 3 /app/old") { path, version };
        shell.SetAction(command, async invocation =>
            await (await invocation.ConnectAsync()).DeleteAsync(invocation.Get(path), invocation.Get(version), invocation.Stop));
        return command;
    }

    private static Command DeleteAll(ShellContext shell)
    {
        var path = ShellCommands.Path(shell);
        var batch = new Option<int>("-b")
        {
            Description = "How many in one transaction.",
            DefaultValueFactory = _ => 1000,
            HelpName = "count",
        };
        var command = new Command("deleteall", "Delete a znode and all that is below it.\nquoll deleteall --yes /old") { path, batch };
        shell.SetAction(command, async invocation =>
        {
            var (client, at) = (await invocation.ConnectAsync(), invocation.Get(path));
            var below = await CountAsync(client, at, invocation.Stop);
            if (below > 0)
                invocation.Confirm($"Delete {at} and the {below} znodes below it?");
            await DeleteAsync(client, at, Math.Max(1, invocation.Get(batch)), invocation);
        });
        return command;
    }

    /// <summary>Deletes a subtree from its leaves on; what others put in meanwhile keeps what is above it.</summary>
    public static async Task DeleteAsync(ZooKeeperClient client, string root, int batch, Invocation invocation)
    {
        var found = new List<string>();
        await foreach (var visited in Subtree.WalkAsync(client, root, SubtreeParts.None, invocation.Stop))
            found.Add(visited.Path);
        if (root == "/")
            found.RemoveAll(path => path == "/" || Subtree.IsOfServer(path));

        // Children stand behind their parents.
        found.Reverse();
        for (var done = 0; done < found.Count; done += batch)
        {
            invocation.Console.Progress($"{done} of {found.Count} deleted");
            await DeleteBatchAsync(client, found.GetRange(done, Math.Min(batch, found.Count - done)), invocation.Stop);
        }
    }

    private static async Task DeleteBatchAsync(ZooKeeperClient client, List<string> paths, CancellationToken stop)
    {
        try
        {
            await client.CommitAsync(paths.Aggregate(new Transaction(), (all, path) => all.Delete(path)), stop);
        }
        catch (TransactionFailedException)
        {
            // One has gone already, or has got children: the others can go all the same.
            foreach (var path in paths)
                await client.TryDeleteAsync(path, cancellationToken: stop);
        }
    }

    // A server before 3.6 cannot count.
    private static async ValueTask<int> CountAsync(ZooKeeperClient client, string path, CancellationToken stop) =>
        await client.ExistsAsync(path, stop) is { } stat
            ? stat.NumChildren == 0 ? 0 : await client.CountDescendantsAsync(path, stop)
            : throw new NoNodeException(path, $"There is no {path}.");
}
