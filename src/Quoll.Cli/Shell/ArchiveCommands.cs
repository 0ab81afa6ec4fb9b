using System.CommandLine;
using Quoll.Client;

namespace Quoll.Cli.Shell;

/// <summary>Commands that write subtrees to files and read them again, and compare them.</summary>
internal static class ArchiveCommands
{
    public static IEnumerable<Command> All(ShellContext shell) => [Export(shell), Import(shell), Diff(shell)];

    private static Command Export(ShellContext shell)
    {
        var path = ShellCommands.Path(shell);
        var file = new Option<FileInfo?>("--file", "-f") { Description = "Where to; by default standard output." };
        var ephemerals = new Option<bool>("--ephemerals") { Description = "Ephemerals, too; they come back as persistent znodes." };
        var command = new Command("export", "Write a znode and all below it as lines of JSON.\nquoll export /app -f app.jsonl")
        {
            path, file, ephemerals,
        };
        shell.SetAction(command, async invocation =>
        {
            var (client, root) = (await invocation.ConnectAsync(), invocation.Get(path));
            var (count, left) = invocation.Get(file) is { } target
                ? await WriteFileAsync(target, lines => WriteAsync(client, root, lines, invocation.Get(ephemerals), invocation))
                : await WriteAsync(client, root, null, invocation.Get(ephemerals), invocation);
            if (left > 0)
                invocation.Console.Error($"{left} ephemeral znodes were left out: they belong to sessions (--ephemerals).");
            if (invocation.Get(file) is { } written)
                invocation.Show(() => $"{count} znodes were written to {written}", json => json.Writer.WriteNumberValue(count));
        });
        return command;
    }

    // What was in the file stays until there is something whole to take its place.
    private static async Task<T> WriteFileAsync<T>(FileInfo file, Func<TextWriter, Task<T>> write)
    {
        var part = $"{file.FullName}.part";
        try
        {
            T result;
            await using (var lines = new StreamWriter(part))
                result = await write(lines);
            File.Move(part, file.FullName, overwrite: true);
            return result;
        }
        catch
        {
            File.Delete(part);
            throw;
        }
    }

    private static async Task<(int Count, int Left)> WriteAsync(
        ZooKeeperClient client, string root, TextWriter? lines, bool withEphemerals, Invocation invocation)
    {
        var (count, left) = (0, 0);
        await foreach (var visited in Subtree.WalkAsync(client, root, SubtreeParts.Data | SubtreeParts.Acl, invocation.Stop))
        {
            if (Subtree.IsOfServer(visited.Path))
                continue;
            if (visited.IsEphemeral && !withEphemerals)
            {
                left++;
                continue;
            }

            var line = ArchiveLine.Write(Subtree.Below(root, visited.Path), visited);
            if (lines is null)
                invocation.Console.Line(line);
            else
                await lines.WriteLineAsync(line.AsMemory(), invocation.Stop);
            invocation.Console.Progress(++count, "znodes written");
        }

        return (count, left);
    }

    private static Command Import(ShellContext shell)
    {
        var path = ShellCommands.Path(shell);
        var file = new Option<FileInfo?>("--file", "-f") { Description = "Where from; by default standard input." };
        var overwrite = new Option<bool>("--overwrite") { Description = "Set the data of those that are there already." };
        var skip = new Option<bool>("--skip") { Description = "Leave those as they are that are there already." };
        var command = new Command("import", "Make the znodes that export has written.\nquoll import /copy -f app.jsonl")
        {
            path, file, overwrite, skip,
        };
        shell.SetAction(command, async invocation =>
        {
            var (client, root) = (await invocation.ConnectAsync(), invocation.Get(path));
            using var source = invocation.Get(file) is { } from ? new StreamReader(from.FullName) : null;
            var (writes, number) = (new OrderedWrites(), 0);
            if (root != "/")
                await WriteCommands.CreateParentsAsync(client, root, invocation.Stop);
            while (await (source ?? invocation.Console.Input).ReadLineAsync(invocation.Stop) is { } line)
            {
                var (below, data, options) = ArchiveLine.Read(line, ++number);
                var at = root == "/" && below.Length > 0 ? below : root + below;
                if (at == "/" || Subtree.IsOfServer(at))
                    continue;
                await writes.AddAsync(invocation.Get(overwrite)
                    ? CreateOrSetAsync(client, at, data, options, invocation.Stop)
                    : CreateAsync(client, at, data, options, invocation.Get(skip), invocation.Stop));
                invocation.Console.Progress(number, "znodes read");
            }

            await writes.FinishAsync();
            invocation.Show(() => $"{writes.Done} znodes were read", json => json.Writer.WriteNumberValue(writes.Done));
        });
        return command;
    }

    private static Command Diff(ShellContext shell)
    {
        var (left, right) = (ShellCommands.Path(shell, "left"), ShellCommands.Path(shell, "right"));
        var other = new Option<string?>("--other")
        {
            Description = "The servers of the right side, if they are others.",
            HelpName = "list",
        };
        var command = new Command("diff", "Compare two subtrees; the exit code is 1 if they differ.\nquoll diff /app /app --other zk2:2181")
        {
            left, right, other,
        };
        shell.SetAction(command, async invocation =>
        {
            var client = await invocation.ConnectAsync();
            await using var second = invocation.Get(other) is { } servers
                ? await ZooKeeperClient.ConnectAsync(client.Options with { ConnectionString = servers }, invocation.Stop)
                : null;
            var count = await SubtreeDiff.RunAsync(
                (client, invocation.Get(left)), (second ?? client, invocation.Get(right)),
                (sign, path, what) => Show(invocation, sign, path, what), invocation.Stop);
            if (count > 0)
                invocation.ExitCode = ExitCode.Refused;
        });
        return command;
    }

    private static void Show(Invocation invocation, char sign, string path, string what) => invocation.Show(
        () => what.Length > 0 ? $"{sign} {path}: {what}" : $"{sign} {path}",
        json => json.Object(() =>
        {
            json.Writer.WriteString("path", path);
            json.Writer.WriteString("difference", sign switch { '-' => "left only", '+' => "right only", _ => what });
        }));

    private static async Task CreateAsync(
        ZooKeeperClient client, string path, byte[] data, CreateOptions options, bool skip, CancellationToken stop)
    {
        if (await client.TryCreateAsync(path, data, options, stop) is null && !skip)
            throw new NodeExistsException(path, $"{path} is there already (--overwrite, --skip).");
    }

    private static async Task CreateOrSetAsync(
        ZooKeeperClient client, string path, byte[] data, CreateOptions options, CancellationToken stop)
    {
        if (await client.TryCreateAsync(path, data, options, stop) is null)
            await client.SetAsync(path, data, cancellationToken: stop);
    }
}
