using System.CommandLine;
using System.CommandLine.Invocation;
using Quoll.Cli.Shell;

namespace Quoll.Cli;

/// <summary>The command line of <c>quoll</c>.</summary>
internal static class QuollCommand
{
    /// <summary>Runs what a command line says. One that cannot be read has a code of its own.</summary>
    public static async Task<int> RunAsync(RootCommand root, IReadOnlyList<string> words, CancellationToken stop)
    {
        // As zkCli has it.
        var parsed = root.Parse([.. words.Select(word => word == "-server" ? "--server" : word)]);
        if (parsed.Action is ParseErrorAction errors)
            errors.ShowHelp = false;
        var code = await parsed.InvokeAsync(new InvocationConfiguration { ProcessTerminationTimeout = null }, stop);
        if (parsed.Errors.Count == 0)
            return code;
        var command = parsed.CommandResult.Command is RootCommand ? "" : $"{parsed.CommandResult.Command.Name} ";
        await Console.Error.WriteLineAsync($"{command}--help tells more.");
        return ExitCode.Usage;
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
        ExampleHelp.AddTo(root);
        return root;
    }
}
