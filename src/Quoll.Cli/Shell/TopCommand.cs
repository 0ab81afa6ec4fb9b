using System.CommandLine;
using System.Diagnostics;

namespace Quoll.Cli.Shell;

/// <summary><c>top</c>: all servers and their busiest clients, again and again.</summary>
internal static class TopCommand
{
    private const string OtherScreen = "\e[?1049h\e[?25l";
    private const string BackAgain = "\e[?25h\e[?1049l";

    public static Command Create(ShellContext shell)
    {
        var every = new Option<double>("--every")
        {
            Description = "Look again after so many seconds.",
            DefaultValueFactory = _ => 2,
            HelpName = "seconds",
        };
        var count = new Option<int>("--count", "-n")
        {
            Description = "End after so many looks.",
            DefaultValueFactory = _ => int.MaxValue,
            HelpName = "looks",
        };
        var command = new Command(
            "top",
            "Show the servers, their roles and load, and their busiest clients, until q.\nquoll top --server zk1:2181,zk2:2181,zk3:2181")
        {
            every, count,
        };
        shell.SetAction(command, async invocation =>
        {
            var period = TimeSpan.FromSeconds(Math.Clamp(invocation.Get(every), 0.1, 3600));
            if (invocation.Console.IsTerminal)
                await ShowAsync(invocation, period, invocation.Get(count));
            else
                await WriteAsync(invocation, period, invocation.Get(count));
        });
        return command;
    }

    // To a file or a program: one look behind the other.
    private static async Task WriteAsync(Invocation invocation, TimeSpan period, int count)
    {
        TopSample? before = null;
        for (var look = 0; look < count; look++)
        {
            if (look > 0)
                await Task.Delay(period, invocation.Stop);
            var now = await LookAsync(invocation);
            invocation.Show(
                () => string.Join('\n', TopView.Draw(before, now, int.MaxValue, isColoured: false).Append("")),
                json => Write(json, before, now));
            invocation.Console.Flush();
            before = now;
        }
    }

    // On a screen of its own, which leaves what was there as it was.
    private static async Task ShowAsync(Invocation invocation, TimeSpan period, int count)
    {
        // A key that is waited for would be missing from the next line of a prompt: where it ends by itself none is.
        using var keys = count == int.MaxValue ? new Keys() : null;
        invocation.Console.Draw(OtherScreen);
        try
        {
            TopSample? before = null;
            for (var look = 0; look < count; look++)
            {
                var now = await LookAsync(invocation);
                var footer = $"{DateTime.Now:T}, every {period.TotalSeconds} s{(keys is null ? "" : "; space: now; q: quit")}";
                var lines = TopView.Draw(before, now, Console.WindowHeight - 1, isColoured: true).Append("").Append(footer);
                invocation.Console.Draw($"\e[H{string.Concat(lines.Take(Console.WindowHeight).Select(line => $"{line}\e[K\n"))[..^1]}\e[J");
                before = now;
                if (keys is null && look + 1 < count)
                    await Task.Delay(period, invocation.Stop);
                else if (keys is not null && await keys.NextAsync(period, invocation.Stop) is ConsoleKey.Q or ConsoleKey.C)
                    break;
            }
        }
        finally
        {
            invocation.Console.Draw(BackAgain);
        }
    }

    private static async Task<TopSample> LookAsync(Invocation invocation)
    {
        var servers = await StatusCommands.AskAllAsync(invocation);
        var serving = servers.Where(server => server.Serves);
        var clients = await Task.WhenAll(serving.Select(server => ClientsAsync(server.Server, invocation.Stop)));
        return new TopSample(Stopwatch.GetElapsedTime(0), servers, [.. clients.SelectMany(each => each)]);
    }

    private static async Task<ClientConnection[]> ClientsAsync(string server, CancellationToken stop)
    {
        try
        {
            return await ClientConnection.AskAsync(server, stop);
        }
        catch (ShellException)
        {
            // Whether it tells of its clients is up to who runs it; what it says of itself is shown all the same.
            return [];
        }
    }

    private static void Write(JsonAnswer json, TopSample? before, TopSample now) => json.Object(() =>
    {
        json.Writer.WritePropertyName("servers");
        json.Array(now.Servers, server => json.Object(() =>
        {
            StatusCommands.Write(json, server);
            if (TopView.Rate(server, before, now) is { } rate)
                json.Writer.WriteNumber("requestsPerSecond", Math.Round(rate, 1));
        }));
        json.Writer.WritePropertyName("clients");
        json.Array(now.Clients, client => json.Object(() =>
        {
            StatusCommands.Write(json, client);
            if (TopView.Rate(client, before, now) is { } rate)
                json.Writer.WriteNumber("requestsPerSecond", Math.Round(rate, 1));
        }));
    });
}
