using System.CommandLine;
using System.CommandLine.Help;
using Quoll.Cli.Shell;

namespace Quoll.Cli;

/// <summary>The command line of <c>quoll</c>.</summary>
internal static class QuollCommand
{
    /// <summary>Runs what a command line says. One that cannot be read has a code of its own.</summary>
    public static async Task<int> RunAsync(RootCommand root, IReadOnlyList<string> words, CancellationToken stop)
    {
        // /h and /? are paths here, and no calls for help.
        foreach (var help in root.Options.OfType<HelpOption>().ToArray())
            root.Options.Remove(help);
        root.Options.Add(new HelpOption("--help", "-h", "-?"));

        // As zkCli has it.
        var parsed = root.Parse([.. words.Select(word => word == "-server" ? "--server" : word)]);
        var code = await parsed.InvokeAsync(new InvocationConfiguration { ProcessTerminationTimeout = null }, stop);
        return parsed.Errors.Count > 0 ? ExitCode.Usage : code;
    }

    public static RootCommand Create(EndSignals signals)
    {
        var root = new RootCommand("Quoll: ZooKeeper, in C#. Every ZooKeeper client works with it.");
        root.Subcommands.Add(ServeCommand.Create());
        var settings = new ShellSettings();
        var shell = new ShellContext(settings, ShellConsole.OfProcess());
        var prompt = PromptCommand.Create(shell, signals);
        settings.AddTo(prompt);
        root.Subcommands.Add(prompt);
        foreach (var command in ShellCommands.All(shell))
        {
            settings.AddTo(command);
            root.Subcommands.Add(command);
        }

        foreach (var command in FileCommands.All(shell))
        {
            settings.AddOutputTo(command);
            root.Subcommands.Add(command);
        }

        root.Subcommands.Add(CompletionCommand.Create());
        return root;
    }
}
