using System.CommandLine;

namespace Quoll.Cli.Shell;

/// <summary>Whether to tell of the next change: <c>-w</c>, or any word behind the path, which zkCli calls deprecated.</summary>
internal sealed class WatchFlag
{
    public Option<bool> Option { get; } = ShellCommands.WatchFlag();

    public Argument<string?> Word { get; } = new("watch") { Arity = ArgumentArity.ZeroOrOne, Hidden = true };

    public bool IsSet(Invocation invocation)
    {
        if (invocation.Parsed.GetValue(Word) is null)
            return invocation.Get(Option);
        var command = invocation.Parsed.CommandResult.Command.Name;
        var flags = command == "get" ? "[-s] [-w]" : "[-w]";
        invocation.Console.Error($"'{command} path [watch]' has been deprecated. Please use '{command} {flags} path' instead.");
        return true;
    }
}
