using System.CommandLine;
using Quoll.Cli.Bench;

namespace Quoll.Cli.Shell;

/// <summary>The commands on znodes: the same for one line of the prompt, and for one run of the program.</summary>
internal static class ShellCommands
{
    public static IEnumerable<Command> All(ShellContext shell) =>
    [
        .. ReadCommands.All(shell), .. WriteCommands.All(shell), .. DeleteCommands.All(shell), .. AccessCommands.All(shell),
        .. QuotaCommands.All(shell), .. WatchCommands.All(shell), .. TreeCommands.All(shell), .. CopyCommands.All(shell),
        .. ArchiveCommands.All(shell), .. RunCommands.All(shell), .. StatusCommands.All(shell), .. EnsembleCommands.All(shell),
        EditCommand.Create(shell), BenchCommand.Create(shell),
    ];

    /// <summary>A path on the server, which can be completed.</summary>
    public static Argument<string> Path(ShellContext shell, string name = "path")
    {
        var path = new Argument<string>(name) { Description = "A znode, from / on.", HelpName = name };
        path.CompletionSources.Add(context => PathCompletion.Of(shell, context));
        return path;
    }

    /// <summary>Whether a stat is wanted.</summary>
    public static Option<bool> StatFlag() => new("-s") { Description = "With the znode's stat." };

    public static Option<bool> WatchFlag() => new("-w") { Description = "Tell when it changes, once." };

    /// <summary>The version that it must have.</summary>
    public static Option<int> Version() => new("-v")
    {
        Description = "Only if this is its version.",
        DefaultValueFactory = _ => -1,
        HelpName = "version",
    };
}
