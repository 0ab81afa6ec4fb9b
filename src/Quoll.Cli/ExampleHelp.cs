using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;

namespace Quoll.Cli;

/// <summary>Help that shows examples behind what System.CommandLine tells of a command; the list of all commands is without them.</summary>
internal sealed class ExampleHelp : SynchronousCommandLineAction
{
    private readonly HelpAction _plain = new();
    private readonly Dictionary<Command, string[]> _examples = [];

    private ExampleHelp(RootCommand root)
    {
        foreach (var command in root.Subcommands)
        {
            // They stand in the lines behind the first of its description.
            var lines = command.Description!.Split('\n');
            command.Description = lines[0];
            if (lines.Length > 1)
                _examples.Add(command, lines[1..]);
        }
    }

    /// <summary>Puts it in the place of the help that there is. <c>/h</c> and <c>/?</c> are paths here, and no calls for help.</summary>
    public static void AddTo(RootCommand root)
    {
        foreach (var plain in root.Options.OfType<HelpOption>().ToArray())
            root.Options.Remove(plain);
        root.Options.Add(new HelpOption("--help", "-h", "-?") { Action = new ExampleHelp(root) });
    }

    public override int Invoke(ParseResult parseResult)
    {
        var code = _plain.Invoke(parseResult);
        if (!_examples.TryGetValue(parseResult.CommandResult.Command, out var lines))
            return code;
        var output = parseResult.InvocationConfiguration.Output;
        output.WriteLine(lines.Length == 1 ? "Example:" : "Examples:");
        foreach (var line in lines)
            output.WriteLine($"  {line}");
        output.WriteLine();
        return code;
    }
}
