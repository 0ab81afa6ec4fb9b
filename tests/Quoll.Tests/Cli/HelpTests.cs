using Quoll.Cli;

namespace Quoll.Tests.Cli;

public sealed class HelpTests
{
    [Fact]
    public void Every_command_and_option_says_what_it_is_and_every_command_has_an_example()
    {
        using var signals = new EndSignals();
        var root = QuollCommand.Create(signals);
        Assert.True(root.Subcommands.Count > 40);
        foreach (var command in root.Subcommands)
        {
            var lines = command.Description!.Split('\n');
            Assert.True(lines.Length > 1 && lines[0].EndsWith('.'), $"{command.Name}: {command.Description}");
            Assert.Contains(lines, line => line.Contains($"{command.Name} ", StringComparison.Ordinal) || line == $"quoll {command.Name}");
            foreach (var option in command.Options.Where(option => !option.Hidden))
                Assert.False(string.IsNullOrEmpty(option.Description), $"{command.Name} {option.Name}");
        }
    }
}
