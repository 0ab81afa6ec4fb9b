using System.CommandLine;
using System.Text;
using Quoll.Client;

namespace Quoll.Cli.Shell;

/// <summary>Commands about who may do what.</summary>
internal static class AccessCommands
{
    public static IEnumerable<Command> All(ShellContext shell) => [GetAcl(shell), SetAcl(shell), AddAuth(shell), WhoAmI(shell)];

    private static Command GetAcl(ShellContext shell)
    {
        var (path, stat) = (ShellCommands.Path(shell), ShellCommands.StatFlag());
        var command = new Command("getAcl", "Show who may do what with a znode.\nquoll getAcl -s /app") { path, stat };
        shell.SetAction(command, async invocation =>
        {
            var acl = await (await invocation.ConnectAsync()).GetAclAsync(invocation.Get(path), invocation.Stop);
            var written = AclText.Write(acl.Entries);
            invocation.Show(
                () => invocation.Get(stat) ? $"{written}\n{StatText.Write(acl.Stat)}" : written,
                json => json.Array(acl.Entries, entry => json.Object(() =>
                {
                    json.Writer.WriteString("scheme", entry.Scheme);
                    json.Writer.WriteString("id", entry.Id);
                    json.Writer.WriteString("permissions", AclText.Write(entry.Permissions));
                })));
        });
        return command;
    }

    private static Command SetAcl(ShellContext shell)
    {
        var (path, stat, version) = (ShellCommands.Path(shell), ShellCommands.StatFlag(), ShellCommands.Version());
        var acl = new Argument<string>("acl") { Description = "Such as world:anyone:r,auth::cdrwa." };
        var recursive = new Option<bool>("-R") { Description = "Of all that is below, too." };
        var command = new Command("setAcl", "Set who may do what with a znode.\nquoll setAcl -R /app world:anyone:r,auth::cdrwa")
        {
            path, acl, stat, version, recursive,
        };
        shell.SetAction(command, async invocation =>
        {
            var entries = AclText.Parse(invocation.Get(acl));
            var (client, at) = (await invocation.ConnectAsync(), invocation.Get(path));
            if (!invocation.Get(recursive))
            {
                var set = await client.SetAclAsync(at, entries, invocation.Get(version), invocation.Stop);
                invocation.Show(() => invocation.Get(stat) ? StatText.Write(set) : "", json => json.Object(() => json.Stat(set)));
                return;
            }

            await foreach (var visited in Subtree.WalkAsync(client, at, SubtreeParts.None, invocation.Stop))
                await client.SetAclAsync(visited.Path, entries, invocation.Get(version), invocation.Stop);
        });
        return command;
    }

    private static Command AddAuth(ShellContext shell)
    {
        var scheme = new Argument<string>("scheme") { Description = "Such as digest." };
        var secret = new Argument<string>("auth")
        {
            Arity = ArgumentArity.ZeroOrOne,
            DefaultValueFactory = _ => "",
            Description = "user:password.",
        };
        var command = new Command("addauth", "Be somebody, for the rest of this session.\naddauth digest user:password") { scheme, secret };
        shell.SetAction(command, async invocation =>
            await (await invocation.ConnectAsync()).AddAuthAsync(
                new Credential(invocation.Get(scheme), Encoding.UTF8.GetBytes(invocation.Get(secret))), invocation.Stop));
        return command;
    }

    private static Command WhoAmI(ShellContext shell)
    {
        var command = new Command("whoami", "Show who the server takes this session for.\nquoll whoami --auth digest:user:password");
        shell.SetAction(command, async invocation =>
        {
            var identities = await (await invocation.ConnectAsync()).WhoAmIAsync(invocation.Stop);
            invocation.Show(
                () => string.Join('\n', identities.Select(identity => $"{identity.Scheme}: {identity.User}").Prepend("Auth scheme: User")),
                json => json.Array(identities, identity => json.Object(() =>
                {
                    json.Writer.WriteString("scheme", identity.Scheme);
                    json.Writer.WriteString("user", identity.User);
                })));
        });
        return command;
    }
}
