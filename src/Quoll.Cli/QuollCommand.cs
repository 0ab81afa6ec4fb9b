using System.CommandLine;
using Quoll.Cli.Shell;

namespace Quoll.Cli;

/// <summary>The command line of <c>quoll</c>.</summary>
internal static class QuollCommand
{
    public static RootCommand Create()
    {
        var root = new RootCommand("Quoll: ZooKeeper, in C#. Every ZooKeeper client works with it.");
        root.Subcommands.Add(ServeCommand.Create());
        var settings = new ShellSettings();
        var shell = new ShellContext(settings, ShellConsole.OfProcess());
        var prompt = PromptCommand.Create(shell);
        settings.AddTo(prompt);
        root.Subcommands.Add(prompt);
        foreach (var command in ShellCommands.All(shell))
        {
            settings.AddTo(command);
            root.Subcommands.Add(command);
        }

        return root;
    }
}
