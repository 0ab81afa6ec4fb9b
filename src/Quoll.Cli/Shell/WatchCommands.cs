using System.CommandLine;
using Quoll.Client;

namespace Quoll.Cli.Shell;

/// <summary>Commands about watches. At the prompt they tell beside it; a command of its own waits for what they tell.</summary>
internal static class WatchCommands
{
    public static IEnumerable<Command> All(ShellContext shell) => [AddWatch(shell), RemoveWatches(shell), PrintWatches(shell)];

    /// <summary>Tells of the one change that was asked for, if one was.</summary>
    public static async Task FollowAsync(Invocation invocation, Watch? changed)
    {
        if (changed is null)
            return;
        var told = invocation.Shell.Watches.ShowAsync(changed);
        invocation.Console.Flush();
        if (!invocation.Shell.IsInteractive)
            await told.WaitAsync(invocation.Stop);
    }

    private static Command AddWatch(ShellContext shell)
    {
        var path = ShellCommands.Path(shell);
        var mode = new Option<string>("-m")
        {
            Description = "PERSISTENT: this znode. PERSISTENT_RECURSIVE: all below it, too.",
            DefaultValueFactory = _ => "PERSISTENT_RECURSIVE",
            HelpName = "mode",
        };
        mode.AcceptOnlyFromAmong("PERSISTENT", "PERSISTENT_RECURSIVE", "persistent", "persistent_recursive");
        var command = new Command("addWatch", "Tell of each change of a znode.\nquoll addWatch -m PERSISTENT /app") { path, mode };
        shell.SetAction(command, async invocation =>
        {
            var recursive = invocation.Get(mode)!.EndsWith("RECURSIVE", StringComparison.OrdinalIgnoreCase);
            var client = await invocation.ConnectAsync();
            var stream = await client.WatchAsync(
                invocation.Get(path), recursive ? WatchMode.PersistentRecursive : WatchMode.Persistent, invocation.Stop);
            if (invocation.Shell.IsInteractive)
                _ = invocation.Shell.Watches.ShowAsync(stream, CancellationToken.None);
            else
                await invocation.Shell.Watches.ShowAsync(stream, invocation.Stop);
        });
        return command;
    }

    private static Command RemoveWatches(ShellContext shell)
    {
        var path = ShellCommands.Path(shell);
        var command = new Command("removewatches", "End the watches of this prompt on a znode.") { path };
        shell.SetAction(command, async invocation =>
        {
            if (await invocation.Shell.Watches.RemoveAsync(invocation.Get(path)) == 0)
                throw new ShellException($"No watch of this prompt is on {invocation.Get(path)}.");
        });
        return command;
    }

    private static Command PrintWatches(ShellContext shell)
    {
        var state = new Argument<string?>("on|off") { Arity = ArgumentArity.ZeroOrOne };
        state.AcceptOnlyFromAmong("on", "off");
        var command = new Command("printwatches", "Whether watches tell what happens.") { state };
        shell.SetAction(command, invocation =>
        {
            var watches = invocation.Shell.Watches;
            if (invocation.Parsed.GetValue(state) is { } wanted)
                watches.IsPrinting = wanted == "on";
            else
                invocation.Console.Line($"printwatches is {(watches.IsPrinting ? "on" : "off")}");
            return Task.CompletedTask;
        });
        return command;
    }
}
