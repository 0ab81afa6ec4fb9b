using System.CommandLine;
using Quoll.Client;
using Quoll.Protocol;

namespace Quoll.Cli.Shell;

/// <summary>Commands that make and set znodes.</summary>
internal static class WriteCommands
{
    public static IEnumerable<Command> All(ShellContext shell) => [Create(shell), Set(shell), Multi(shell)];

    private static Command Create(ShellContext shell)
    {
        var path = ShellCommands.Path(shell);
        var data = new Argument<string?>("data") { Arity = ArgumentArity.ZeroOrOne };
        var acl = new Argument<string?>("acl") { Arity = ArgumentArity.ZeroOrOne, Description = "Such as world:anyone:r,auth::cdrwa." };
        var ephemeral = new Option<bool>("-e") { Description = "Ephemeral: it goes with this session." };
        var sequential = new Option<bool>("-s") { Description = "Sequential: the server adds a number to its name." };
        var container = new Option<bool>("-c") { Description = "A container: it goes when its last child has gone." };
        var ttl = new Option<long>("-t") { Description = "It goes when nobody has set it for so long.", HelpName = "milliseconds" };
        var parents = new Option<bool>("-p") { Description = "Make the znodes above it, too, where they are missing." };
        var command = new Command("create", "Create a znode.\nquoll create -e /workers/7 'host:port'")
        {
            path, data, acl, ephemeral, sequential, container, ttl, parents,
        };
        shell.SetAction(command, async invocation =>
        {
            var text = invocation.Parsed.GetValue(data);
            var options = new CreateOptions
            {
                IsDataNull = text is null,
                Mode = ModeOf(invocation.Get(ephemeral), invocation.Get(sequential), invocation.Get(container), invocation.Get(ttl) > 0),
                Ttl = TimeSpan.FromMilliseconds(invocation.Get(ttl)),
                Acl = invocation.Get(acl!) is { } entries ? AclText.Parse(entries) : AclEntry.Open,
            };
            var client = await invocation.ConnectAsync();
            var at = invocation.Get(path);
            if (invocation.Get(parents))
                await CreateParentsAsync(client, at, invocation.Stop);
            var made = await client.CreateAsync(at, ZnodeBytes.Read(text ?? "", invocation.Bytes), options, invocation.Stop);
            invocation.Show(() => $"Created {made.Path}", json => json.Object(() =>
            {
                json.Writer.WriteString("path", made.Path);
                json.Stat(made.Stat);
            }));
        });
        return command;
    }

    public static async ValueTask CreateParentsAsync(ZooKeeperClient client, string path, CancellationToken stop)
    {
        for (var slash = path.IndexOf('/', 1); slash > 0; slash = path.IndexOf('/', slash + 1))
            await client.TryCreateAsync(path[..slash], cancellationToken: stop);
    }

    private static CreateMode ModeOf(bool ephemeral, bool sequential, bool container, bool ttl) =>
        (ephemeral, sequential, container, ttl) switch
        {
            (_, true, true, _) or (true, _, true, _) => throw new UsageException(
                "-c cannot be combined with -s or -e. Containers cannot be ephemeral or sequential."),
            (true, _, _, true) => throw new UsageException("TTLs cannot be used with Ephemeral znodes"),
            (_, _, true, true) => throw new UsageException("TTLs cannot be used with Container znodes"),
            (true, true, _, _) => CreateMode.EphemeralSequential,
            (true, _, _, _) => CreateMode.Ephemeral,
            (_, _, true, _) => CreateMode.Container,
            (_, true, _, true) => CreateMode.PersistentSequentialTtl,
            (_, true, _, _) => CreateMode.PersistentSequential,
            (_, _, _, true) => CreateMode.PersistentTtl,
            _ => CreateMode.Persistent,
        };

    private static Command Set(ShellContext shell)
    {
        var (path, stat, version) = (ShellCommands.Path(shell), ShellCommands.StatFlag(), ShellCommands.Version());
        var data = new Argument<string>("data");
        var base64 = new Option<bool>("-b") { Description = "The data is base64." };
        var command = new Command("set", "Set the data of a znode.\nquoll set -v 3 /app/config on") { path, data, stat, version, base64 };
        shell.SetAction(command, async invocation =>
        {
            var bytes = ZnodeBytes.Read(invocation.Get(data), invocation.Get(base64) ? ByteFormat.Base64 : invocation.Bytes);
            var client = await invocation.ConnectAsync();
            var set = await client.SetAsync(invocation.Get(path), bytes, invocation.Get(version), invocation.Stop);
            invocation.Show(() => invocation.Get(stat) ? StatText.Write(set) : "", json => json.Object(() => json.Stat(set)));
        });
        return command;
    }

    private static Command Multi(ShellContext shell)
    {
        var operations = new Argument<string[]>("operation")
        {
            Arity = ArgumentArity.OneOrMore,
            Description = "Such as 'create /a data', 'set /b data [version]', 'delete /c [version]', 'check /d [version]'.",
        };
        var command = new Command("multi", "Do several things, all of them or none.\nquoll multi 'check /lock 0' 'set /data new'")
        {
            operations,
        };
        shell.SetAction(command, async invocation =>
        {
            var transaction = new Transaction();
            foreach (var operation in invocation.Get(operations))
                Append(transaction, LineWords.Split(operation), invocation.Bytes);
            var results = await (await invocation.ConnectAsync()).CommitAsync(transaction, invocation.Stop);
            invocation.Show(
                () => $"{results.Length} operations were carried out",
                json => json.Array(results, result => json.Object(() =>
                {
                    json.Writer.WriteString("path", result.Path);
                    if (result.Stat is { } stat)
                        json.Stat(stat);
                })));
        });
        return command;
    }

    private static void Append(Transaction transaction, IReadOnlyList<string> words, ByteFormat format)
    {
        _ = words switch
        {
            ["create", var path] => transaction.Create(path, default, new() { IsDataNull = true }),
            ["create", var path, var data] => transaction.Create(path, ZnodeBytes.Read(data, format)),
            ["set", var path, var data] => transaction.Set(path, ZnodeBytes.Read(data, format)),
            ["set", var path, var data, var version] => transaction.Set(path, ZnodeBytes.Read(data, format), Number(version)),
            ["delete", var path] => transaction.Delete(path),
            ["delete", var path, var version] => transaction.Delete(path, Number(version)),
            ["check", var path] => transaction.Check(path),
            ["check", var path, var version] => transaction.Check(path, Number(version)),
            _ => throw new UsageException($"'{string.Join(' ', words)}' is no operation: create, set, delete or check, and a path."),
        };
    }

    private static int Number(string text) => int.TryParse(text, out var number)
        ? number
        : throw new UsageException($"'{text}' is no version.");
}
