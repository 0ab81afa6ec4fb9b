using Quoll.Recipes;
using Spectre.Console;

namespace Quoll.Samples.MailCollectors;

/// <summary>The workers and their loads, as their znodes say: a live table, or a line each second where there is no terminal.</summary>
internal static class LiveTable
{
    private static readonly TimeSpan LinePause = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan TablePause = TimeSpan.FromSeconds(0.25);

    public static async Task RunAsync(SampleRun run, LastWords words)
    {
        await using var client = await run.ConnectAsync();
        var workers = new GroupMembership(client, "/mail/workers").ObserveAsync(run.Stop);
        var advice = $"kill -9, or kill -STOP, any process; or start another: worker NAME --connect {run.ConnectionString}";
        if (Console.IsOutputRedirected)
        {
            Console.WriteLine(advice);
            await TellAsync(workers, run.Stop);
        }
        else
        {
            await AnsiConsole.Live(new Text(advice)).StartAsync(async table =>
            {
                await foreach (var members in workers)
                {
                    table.UpdateTarget(new Rows([Draw(members), new Text(advice), .. words.Lines.Select(line => new Text(line))]));
                    await Task.Delay(TablePause, run.Stop);
                }
            });
        }
    }

    private static async Task TellAsync(IAsyncEnumerable<IReadOnlyList<GroupMember>> workers, CancellationToken stop)
    {
        // Slower than the loads change: what there was in between is left out.
        await foreach (var members in workers)
        {
            var loads = members.Select(member => Load.Read(member.Payload)).ToList();
            var accounts = loads.Select(load => load.Accounts).DefaultIfEmpty().ToList();
            Console.WriteLine(
                $"{loads.Count} workers, {accounts.Sum()} accounts, from {accounts.Min()} to {accounts.Max()} each, "
                + $"{loads.Sum(load => load.PerSecond)} collections/s");
            await Task.Delay(LinePause, stop);
        }
    }

    private static Table Draw(IReadOnlyList<GroupMember> members)
    {
        var table = new Table().AddColumns("worker", "process", "accounts", "collections/s", "").Border(TableBorder.Rounded);
        var loads = members.Select(member => Load.Read(member.Payload)).ToList();
        var most = loads.Select(load => load.Accounts).DefaultIfEmpty().Max();
        foreach (var (member, load) in members.Zip(loads))
        {
            var bar = new string('█', load.Accounts * 20 / Math.Max(most, 1));
            table.AddRow(member.Id, $"{load.Process}", $"{load.Accounts}", $"{load.PerSecond}", bar);
        }

        table.Columns[2].RightAligned().Footer($"{loads.Sum(load => load.Accounts)}");
        table.Columns[3].RightAligned().Footer($"{loads.Sum(load => load.PerSecond)}");
        return table;
    }
}
