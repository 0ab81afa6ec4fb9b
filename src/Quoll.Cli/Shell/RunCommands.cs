using System.CommandLine;
using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;
using Quoll.Recipes;

namespace Quoll.Cli.Shell;

/// <summary>Commands that run a program while something is held.</summary>
internal static class RunCommands
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    public static IEnumerable<Command> All(ShellContext shell) => [Lock(shell), Elect(shell)];

    private static Argument<string[]> Program() => new("command")
    {
        Arity = ArgumentArity.OneOrMore,
        Description = "Behind --: the program and its arguments. It is told QUOLL_FENCING_TOKEN.",
    };

    private static Command Lock(ShellContext shell)
    {
        var (path, program) = (ShellCommands.Path(shell), Program());
        var wait = new Option<double?>("--wait") { Description = "Give up after so many seconds.", HelpName = "seconds" };
        var command = new Command(
            "lock",
            "Run a program while a lock is held; it is ended if the lock is lost.\nquoll lock /locks/backup -- ./backup.sh")
        {
            path, program, wait,
        };
        shell.SetAction(command, async invocation =>
        {
            var theLock = new DistributedLock(await invocation.ConnectAsync(), invocation.Get(path));
            var held = invocation.Get(wait) is { } seconds
                ? await theLock.TryAcquireAsync(TimeSpan.FromSeconds(seconds), invocation.Stop)
                : await theLock.AcquireAsync(invocation.Stop);
            if (held is null)
                throw new ShellException($"The lock {theLock.Path} was not free in time.");
            await using (held)
            {
                invocation.ExitCode = await RunAsync(held, invocation.Get(program), invocation.Stop)
                    ?? throw new ShellException(Ended(held, invocation.Get(program)));
            }
        });
        return command;
    }

    private static Command Elect(ShellContext shell)
    {
        var (path, program) = (ShellCommands.Path(shell), Program());
        var command = new Command(
            "elect",
            "Run a program while this leads; it is ended when that is lost, and waits again.\nquoll elect /leaders/cron -- ./cron.sh")
        {
            path, program,
        };
        shell.SetAction(command, async invocation =>
        {
            var election = new LeaderElection(await invocation.ConnectAsync(), invocation.Get(path));
            while (true)
            {
                await using var leadership = await election.CampaignAsync(invocation.Stop);
                if (await RunAsync(leadership, invocation.Get(program), invocation.Stop) is { } code)
                {
                    invocation.ExitCode = code;
                    return;
                }

                invocation.Console.Error(Ended(leadership, invocation.Get(program)));
            }
        });
        return command;
    }

    private static string Ended(LockHandle lost, string[] command) => $"{lost.Path} is lost: {command[0]} was ended.";

    /// <returns>The program's exit code; null if what was held was lost, and so the program was ended.</returns>
    private static async Task<int?> RunAsync(LockHandle held, string[] command, CancellationToken stop)
    {
        var start = new ProcessStartInfo(command[0], command[1..]);
        start.Environment["QUOLL_FENCING_TOKEN"] = held.FencingToken.ToString(CultureInfo.InvariantCulture);
        start.Environment["QUOLL_PATH"] = held.Path;
        try
        {
            using var process = Process.Start(start)!;
            using var end = CancellationTokenSource.CreateLinkedTokenSource(held.Lost, stop);
            try
            {
                await process.WaitForExitAsync(end.Token);
            }
            catch (OperationCanceledException)
            {
                await EndAsync(process);
                if (!stop.IsCancellationRequested)
                    return null;
            }

            return process.ExitCode;
        }
        catch (Win32Exception e)
        {
            throw new UsageException($"{command[0]}: {e.Message}");
        }
    }

    // Asked first, then made to.
    private static async Task EndAsync(Process process)
    {
        var kill = new ProcessStartInfo("kill", [process.Id.ToString(CultureInfo.InvariantCulture)]) { RedirectStandardError = true };
        using (var ask = Process.Start(kill)!)
            await ask.WaitForExitAsync();
        using var patience = new CancellationTokenSource(Patience);
        try
        {
            await process.WaitForExitAsync(patience.Token);
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            await process.WaitForExitAsync();
        }
    }
}
