using System.CommandLine;
using Quoll.Cli;

namespace Quoll.Tests.Cli;

public sealed class HelpTests
{
    [Fact]
    public void Every_command_and_option_says_what_it_is_and_help_has_an_example()
    {
        using var signals = new EndSignals();
        var root = QuollCommand.Create(signals);
        Assert.True(root.Subcommands.Count > 40);
        foreach (var command in root.Subcommands)
        {
            Assert.Matches("^[A-Z][^\n]+[.]$", command.Description);
            foreach (var option in command.Options.Where(option => !option.Hidden))
                Assert.False(string.IsNullOrEmpty(option.Description), $"{command.Name} {option.Name}");
            var help = HelpOf(root, command.Name, "--help");
            Assert.Matches($@"\nExamples?:\n(  .*\n)*  .*\b{command.Name}\b", help);
        }
    }

    [Fact]
    public void The_list_of_all_commands_has_a_line_for_each()
    {
        using var signals = new EndSignals();
        var root = QuollCommand.Create(signals);
        var listed = HelpOf(root, "--help").Split('\n').SkipWhile(line => line != "Commands:").Skip(1).TakeWhile(line => line.Length > 0);
        Assert.Equal(root.Subcommands.Select(command => command.Name), listed.Select(line => line.Trim().Split(' ')[0]));
    }

    private static string HelpOf(RootCommand root, params string[] words)
    {
        using var output = new StringWriter { NewLine = "\n" };
        Assert.Equal(0, root.Parse(words).Invoke(new InvocationConfiguration { Output = output }));
        return output.ToString().ReplaceLineEndings("\n");
    }
}
