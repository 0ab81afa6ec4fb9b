using System.CommandLine;
using System.Text;

namespace Quoll.Cli.Shell;

/// <summary>Commands about the servers.</summary>
internal static class StatusCommands
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);

    public static IEnumerable<Command> All(ShellContext shell) => [Status(shell), Top(shell), Sessions(shell)];

    private static Command Status(ShellContext shell)
    {
        var command = new Command(
            "status",
            "Ask each server for its role and load; the exit code is 1 if none serves.\nquoll status --server zk1:2181,zk2:2181");
        shell.SetAction(command, async invocation =>
        {
            var servers = await AskAllAsync(invocation);
            invocation.Show(() => Table(servers), json => json.Array(servers, server => json.Object(() =>
            {
                json.Writer.WriteString("server", server.Server);
                json.Writer.WriteBoolean("answers", server.Answers);
                json.Writer.WriteString("mode", server.Mode);
                json.Writer.WriteStartObject("fields");
                foreach (var (name, value) in server.Fields)
                    json.Writer.WriteString(name, value);
                json.Writer.WriteEndObject();
            })));
            if (!servers.Any(server => server.Fields.ContainsKey("Mode")))
                invocation.ExitCode = ExitCode.Refused;
        });
        return command;
    }

    private static Command Top(ShellContext shell)
    {
        var every = new Option<double>("--every")
        {
            Description = "Look again after so many seconds.",
            DefaultValueFactory = _ => 2,
            HelpName = "seconds",
        };
        var command = new Command("top", "Show each server's role and load, again and again, until Ctrl+C.") { every };
        shell.SetAction(command, async invocation =>
        {
            using var timer = new PeriodicTimer(TimeSpan.FromSeconds(Math.Max(0.1, invocation.Get(every))));
            do
            {
                var table = Table(await AskAllAsync(invocation));
                invocation.Console.Line(invocation.Console.IsTerminal ? $"\e[H\e[2J{DateTime.Now:T}\n{table}" : table);
                invocation.Console.Flush();
            }
            while (await timer.WaitForNextTickAsync(invocation.Stop));
        });
        return command;
    }

    private static Command Sessions(ShellContext shell)
    {
        var command = new Command("sessions", "List the clients of each server (its whitelist must allow the word cons).");
        shell.SetAction(command, async invocation =>
        {
            foreach (var server in Servers(invocation))
            {
                var answer = await FourLetterWord.AskAsync(server, "cons", Patience, invocation.Stop);
                var lines = (answer ?? "no answer").Split('\n', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
                invocation.Show(() => $"{server}\n  {string.Join("\n  ", lines)}", json => json.Object(() =>
                {
                    json.Writer.WriteString("server", server);
                    json.Writer.WriteStartArray("clients");
                    foreach (var line in lines)
                        json.Writer.WriteStringValue(line);
                    json.Writer.WriteEndArray();
                }));
            }
        });
        return command;
    }

    private static IReadOnlyList<string> Servers(Invocation invocation)
    {
        var options = invocation.Shell.Settings.Client(invocation.Shell.Start ?? invocation.Parsed);
        var list = invocation.Shell.Server ?? options.ConnectionString;
        var chroot = list.IndexOf('/', StringComparison.Ordinal);
        return [.. (chroot < 0 ? list : list[..chroot]).Split(',', StringSplitOptions.TrimEntries).Select(WithPort)];
    }

    private static string WithPort(string server) =>
        server.LastIndexOf(':') > server.LastIndexOf(']') ? server : $"{server}:2181";

    private static Task<ServerStatus[]> AskAllAsync(Invocation invocation) =>
        Task.WhenAll(Servers(invocation).Select(server => ServerStatus.AskAsync(server, Patience, invocation.Stop)));

    private static string Table(IReadOnlyList<ServerStatus> servers)
    {
        string[] heads = ["server", "mode", "version", "latency min/avg/max", "connections", "outstanding", "znodes", "zxid"];
        var rows = servers.Select(server => new[]
        {
            server.Server, server.Mode, server.Version, server.Field("Latency min/avg/max"), server.Field("Connections"),
            server.Field("Outstanding"), server.Field("Node count"), server.Field("Zxid"),
        }).Prepend(heads).ToList();
        var widths = Enumerable.Range(0, heads.Length).Select(column => rows.Max(row => row[column].Length)).ToArray();
        var text = new StringBuilder();
        foreach (var row in rows)
            text.AppendLine(string.Join("  ", row.Select((cell, column) => cell.PadRight(widths[column]))).TrimEnd());
        return text.ToString().TrimEnd();
    }
}
