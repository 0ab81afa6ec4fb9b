using System.CommandLine;

namespace Quoll.Cli.Shell;

/// <summary>Commands about the servers.</summary>
internal static class StatusCommands
{
    public static IEnumerable<Command> All(ShellContext shell) => [Status(shell), TopCommand.Create(shell), Sessions(shell)];

    private static Command Status(ShellContext shell)
    {
        var command = new Command(
            "status",
            "Ask each server for its role and load; the exit code is 1 if none serves.\nquoll status --server zk1:2181,zk2:2181");
        shell.SetAction(command, async invocation =>
        {
            var servers = await AskAllAsync(invocation);
            invocation.Show(() => Table(servers), json => json.Array(servers, server => json.Object(() => Write(json, server))));
            if (!servers.Any(server => server.Serves))
                invocation.ExitCode = ExitCode.Refused;
        });
        return command;
    }

    private static Command Sessions(ShellContext shell)
    {
        var command = new Command(
            "sessions",
            "List the clients of each server; its 4lw.commands.whitelist must have cons.\nquoll sessions --server zk1:2181,zk2:2181");
        shell.SetAction(command, async invocation =>
        {
            var clients = new List<ClientConnection>();
            foreach (var server in Servers(invocation))
                clients.AddRange(await ClientConnection.AskAsync(server, invocation.Stop));

            // Without those who only ask, as this one does.
            clients.RemoveAll(client => client.Session.Length == 0);
            invocation.Show(() => Table(clients), json => json.Array(clients, client => json.Object(() => Write(json, client))));
        });
        return command;
    }

    /// <summary>What each server says of itself.</summary>
    public static Task<ServerStatus[]> AskAllAsync(Invocation invocation) =>
        Task.WhenAll(Servers(invocation).Select(server => ServerStatus.AskAsync(server, invocation.Stop)));

    /// <summary>The members of a server's object.</summary>
    public static void Write(JsonAnswer json, ServerStatus server)
    {
        json.Writer.WriteString("server", server.Server);
        json.Writer.WriteBoolean("answers", server.Answers);
        json.Writer.WriteString("mode", server.Mode);
        json.Fields("fields", server.Fields);
    }

    /// <summary>The members of a client's object.</summary>
    public static void Write(JsonAnswer json, ClientConnection client)
    {
        json.Writer.WriteString("server", client.Server);
        json.Writer.WriteString("client", client.Address);
        json.Fields("fields", client.Fields);
    }

    private static IEnumerable<string> Servers(Invocation invocation)
    {
        var list = invocation.Shell.Settings.Client(invocation.Parsed).ConnectionString;
        return list.Split('/')[0].Split(',', StringSplitOptions.TrimEntries).Select(WithPort);
    }

    private static string WithPort(string server) =>
        server.LastIndexOf(':') > server.LastIndexOf(']') ? server : $"{server}:2181";

    private static string Table(IEnumerable<ServerStatus> servers)
    {
        string[] heads = ["server", "mode", "version", " latency min/avg/max", " connections", " outstanding", " znodes", " zxid"];
        return string.Join('\n', TextTable.Write(heads, servers.Select(server => new[]
        {
            server.Server, server.Mode, server.Version, server.Field("Latency min/avg/max"), server.Field("Connections"),
            server.Field("Outstanding"), server.Field("Node count"), server.Field("Zxid"),
        })));
    }

    private static string Table(IEnumerable<ClientConnection> clients)
    {
        string[] heads =
            ["session", "client", "server", " timeout", " connected", " received", " queued", " latency min/avg/max", "last request"];
        return string.Join('\n', TextTable.Write(heads, clients.Select(client => new[]
        {
            client.Session, client.Address, client.Server, client.Field("to"), TopView.Duration(client.Age(DateTimeOffset.UtcNow)),
            client.Field("recved"), client.Field("queued"),
            $"{client.Field("minlat")}/{client.Field("avglat")}/{client.Field("maxlat")}", client.Field("lop"),
        })));
    }
}
