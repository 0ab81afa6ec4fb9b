using System.CommandLine;
using Quoll.Client;

namespace Quoll.Cli.Shell;

/// <summary>Commands that put znodes elsewhere.</summary>
internal static class CopyCommands
{
    private const int MostAtOnce = 1000;
    private const int MostBytesAtOnce = 500_000;

    public static IEnumerable<Command> All(ShellContext shell) => [Copy(shell), Move(shell)];

    private static Command Copy(ShellContext shell)
    {
        var (from, to) = (ShellCommands.Path(shell, "from"), ShellCommands.Path(shell, "to"));
        var recursive = new Option<bool>("-r", "-R") { Description = "With all that is below." };
        var command = new Command("cp", "Copy a znode to a path where none is.\nquoll cp -r /app /backup/app") { from, to, recursive };
        shell.SetAction(command, async invocation =>
        {
            var (client, source, target) = (await invocation.ConnectAsync(), invocation.Get(from), invocation.Get(to));
            RefuseInside(source, target);
            var writes = new OrderedWrites();
            await foreach (var visited in Subtree.WalkAsync(client, source, SubtreeParts.Data | SubtreeParts.Acl, invocation.Stop))
            {
                if (visited.Depth > 0 && !invocation.Get(recursive))
                    break;
                if (IsEphemeral(visited, invocation))
                    continue;
                var copy = client.CreateAsync(Moved(visited.Path, source, target), visited.Data, visited.AsCreated, invocation.Stop);
                await writes.AddAsync(copy.AsTask());
                invocation.Console.Progress(writes.Done, "znodes copied");
            }

            await writes.FinishAsync();
            invocation.Show(() => $"{writes.Done} znodes were copied", json => json.Writer.WriteNumberValue(writes.Done));
        });
        return command;
    }

    private static Command Move(ShellContext shell)
    {
        var (from, to) = (ShellCommands.Path(shell, "from"), ShellCommands.Path(shell, "to"));
        var command = new Command("mv", "Move a znode and all that is below it: all of it at once, or nothing.\nquoll mv /app /old/app")
        {
            from, to,
        };
        shell.SetAction(command, async invocation =>
        {
            var (client, source, target) = (await invocation.ConnectAsync(), invocation.Get(from), invocation.Get(to));
            RefuseInside(source, target);
            var (found, bytes) = (new List<Visited>(), 0);
            await foreach (var visited in Subtree.WalkAsync(client, source, SubtreeParts.Data | SubtreeParts.Acl, invocation.Stop))
            {
                if (visited.IsEphemeral)
                    throw new ShellException($"{visited.Path} is ephemeral: it belongs to a session, and cannot be moved.");
                found.Add(visited);
                bytes += visited.Data.Length + (2 * visited.Path.Length) + 100;
                if (found.Count > MostAtOnce || bytes > MostBytesAtOnce)
                    throw new ShellException($"{source} is too large to be moved at once: cp -r, look at it, and deleteall.");
            }

            var transaction = new Transaction();
            foreach (var visited in found)
                transaction.Create(Moved(visited.Path, source, target), visited.Data, visited.AsCreated);
            foreach (var visited in found.AsEnumerable().Reverse())
                transaction.Delete(visited.Path, visited.Stat.Version);
            await client.CommitAsync(transaction, invocation.Stop);
            invocation.Show(() => $"{found.Count} znodes were moved", json => json.Writer.WriteNumberValue(found.Count));
        });
        return command;
    }

    private static bool IsEphemeral(Visited visited, Invocation invocation)
    {
        if (!visited.IsEphemeral)
            return false;
        invocation.Console.Error($"{visited.Path} is ephemeral, and left out: it belongs to a session.");
        return true;
    }

    private static void RefuseInside(string source, string target)
    {
        if (target == source || target.StartsWith(source == "/" ? source : source + "/", StringComparison.Ordinal))
            throw new UsageException($"{target} is inside of {source}.");
    }

    private static string Moved(string path, string source, string target) => target + Subtree.Below(source, path);
}
