using System.Runtime.Versioning;
using System.Text.RegularExpressions;
using Quoll.Interop.Recipes;
using Quoll.Interop.Servers;

namespace Quoll.Interop.Shell;

/// <summary>What happens at a terminal only: keys, a screen of its own, and what other shells complete.</summary>
[UnsupportedOSPlatform("windows")]
public sealed class TerminalTests(RecipeServers servers)
{
    [Fact]
    public async Task Ctrl_C_gives_up_the_line_or_ends_the_command_and_the_prompt_goes_on()
    {
        var address = await OpenAsync(ServerKind.Quoll);
        using var terminal = new Terminal(100, 30, ServerCommand.QuollProgram, "shell", "--server", address);
        await terminal.UntilEndsWithAsync("]");
        terminal.Type("delete /config");
        await terminal.UntilEndsWithAsync("delete /config");
        terminal.Press("C-c");
        await terminal.UntilEndsWithAsync("delete /config^C\n[" + Server(terminal) + "]");
        terminal.Type("lock /l -- sh -c 'echo held; sleep 1000'");
        terminal.Press("Enter");
        await terminal.UntilEndsWithAsync("held");
        terminal.Press("C-c");
        await terminal.UntilEndsWithAsync("[" + Server(terminal) + "]");
        await TypeAsync(terminal, "ls /");
        Assert.EndsWith("[config, l, more]\n[" + Server(terminal) + "]", terminal.Screen(), StringComparison.Ordinal);

        // Of the history the file has all but secrets, and nobody else may read it.
        await TypeAsync(terminal, "addauth digest user:secret");
        var file = Path.Combine(terminal.Home, ".local", "share", "quoll", "history");
        Assert.Equal(["lock /l -- sh -c 'echo held; sleep 1000'", "ls /"], await File.ReadAllLinesAsync(file, Stop));
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(file));
        terminal.Press("C-d");
        await terminal.UntilGoneAsync();
    }

    [Theory]
    [EachServer]
    public async Task The_servers_are_watched_on_a_screen_of_its_own(ServerKind kind)
    {
        using var terminal = new Terminal(160, 30, ServerCommand.QuollProgram, "shell", "--server", await OpenAsync(kind));
        await terminal.UntilEndsWithAsync("]");
        var before = terminal.Screen();
        terminal.Type("top");
        terminal.Press("Enter");
        await terminal.UntilEndsWithAsync("q: quit");
        var shown = terminal.Screen();
        Assert.Matches(kind == ServerKind.Quoll ? "^3 of 3 serve, [0-9.:]+ leads\n" : "^1 of 1 serve\n", shown);
        Assert.Contains("\nCLIENT ", shown, StringComparison.Ordinal);
        terminal.Press("q");
        await terminal.UntilEndsWithAsync("]");
        Assert.Equal($"{before} top\n[{Server(terminal)}]", terminal.Screen());
    }

    [Theory]
    [InlineData("bash", "--norc", "source <(quoll completion bash)")]
    [InlineData("zsh", "-f", "autoload -U compinit; compinit -u; source <(quoll completion zsh)")]
    [InlineData("fish", "--no-config", "quoll completion fish | source")]
    public async Task Other_shells_complete_commands_and_paths(string program, string plain, string setUp)
    {
        var (address, path) = (await OpenAsync(ServerKind.Quoll), Path.GetDirectoryName(ServerCommand.QuollProgram));
        using var terminal = new Terminal(
            100, 30, "env", $"PATH={path}:{Environment.GetEnvironmentVariable("PATH")}", $"QUOLL_SERVER={address}", program, plain);
        terminal.Type(setUp + "; clear; echo rea''dy");
        terminal.Press("Enter");
        await terminal.UntilContainsAsync("ready");
        terminal.Type("quoll lis");
        terminal.Press("Tab");
        await terminal.UntilContainsAsync("quoll listquota");
        terminal.Press("C-u");
        terminal.Type("quoll get -s /con");
        terminal.Press("Tab");
        await terminal.UntilContainsAsync("quoll get -s /config");
        terminal.Press("Enter");
        await terminal.UntilContainsAsync("numChildren = 0");
    }

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    private static string Server(Terminal terminal) =>
        Regex.Match(terminal.Screen(), @"^\[([0-9.:]+)\]", RegexOptions.Multiline).Groups[1].Value;

    private static async Task TypeAsync(Terminal terminal, string line)
    {
        terminal.Type(line);
        await terminal.UntilEndsWithAsync(line);
        terminal.Press("Enter");
        await terminal.UntilEndsWithAsync("]");
    }

    private async Task<string> OpenAsync(ServerKind kind)
    {
        var root = await servers.CreateRootAsync(kind, "terminal");
        await using var client = await servers.ConnectAsync(kind, root);
        await client.CreateAsync("/config", "on"u8.ToArray());
        await client.CreateAsync("/more");
        return await servers.AddressesAsync(kind) + root;
    }
}
