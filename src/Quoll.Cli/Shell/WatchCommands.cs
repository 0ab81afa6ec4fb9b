using System.CommandLine;
using Quoll.Client;

namespace Quoll.Cli.Shell;

/// <summary>Commands about watches. At the prompt they tell beside it; a command of its own waits for what they tell.</summary>
internal static class WatchCommands
{
    public static IEnumerable<Command> All(ShellContext shell) => [AddWatch(shell)];

    /// <summary>Those that make sense only where watches go on beside what is typed.</summary>
    public static IEnumerable<Command> OfPrompt(ShellContext shell) => [RemoveWatches(shell), PrintWatches(shell)];

    /// <summary>Tells of the one change that was asked for, if one was.</summary>
    public static async Task FollowAsync(Invocation invocation, Watch? changed, WatchKinds kind = WatchKinds.Data)
    {
        if (changed is null)
            return;
        var told = invocation.Shell.Watches.ShowAsync(changed, kind);
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
            var kind = recursive ? WatchKinds.PersistentRecursive : WatchKinds.Persistent;
            if (invocation.Shell.IsInteractive)
                _ = invocation.Shell.Watches.ShowAsync(stream, kind, CancellationToken.None);
            else
                await FollowAsync(invocation, stream, kind);
        });
        return command;
    }

    private static async Task FollowAsync(Invocation invocation, WatchSubscription stream, WatchKinds kind)
    {
        invocation.Console.Note($"Watching {stream.Path}; Ctrl+C ends it.");
        await invocation.Shell.Watches.ShowAsync(stream, kind, invocation.Stop);
    }

    private static Command RemoveWatches(ShellContext shell)
    {
        var path = ShellCommands.Path(shell);
        (Option<bool> Option, WatchKinds Kinds)[] only =
        [
            (Flag("-c", "Those that ls -w has set."), WatchKinds.Children), (Flag("-d", "Those of get -w and stat -w."), WatchKinds.Data),
            (Flag("-p", "Those of addWatch -m PERSISTENT."), WatchKinds.Persistent),
            (Flag("-r", "Those of addWatch -m PERSISTENT_RECURSIVE."), WatchKinds.PersistentRecursive),
            (Flag("-a", "All, as without an option."), WatchKinds.All),
        ];
        var local = Flag("-l", "Also without a server: they end here in any case.");
        var command = new Command("removewatches", "End the watches of this prompt on a znode.\nremovewatches -d /app") { path, local };
        foreach (var (option, _) in only)
            command.Options.Add(option);
        shell.SetAction(command, async invocation =>
        {
            var kinds = only.Where(each => invocation.Get(each.Option)).Aggregate(default(WatchKinds), (all, each) => all | each.Kinds);
            if (await invocation.Shell.Watches.RemoveAsync(invocation.Get(path), kinds == 0 ? WatchKinds.All : kinds) == 0)
                throw new ShellException($"No such watch of this prompt is on {invocation.Get(path)}.");
        });
        return command;

        static Option<bool> Flag(string name, string what) => new(name) { Description = what };
    }

    private static Command PrintWatches(ShellContext shell)
    {
        var state = new Argument<string?>("on|off") { Arity = ArgumentArity.ZeroOrOne };
        state.AcceptOnlyFromAmong("on", "off");
        var command = new Command("printwatches", "Whether watches tell what happens.\nprintwatches off") { state };
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
