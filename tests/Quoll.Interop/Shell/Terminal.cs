using System.Diagnostics;
using Quoll.Interop.Servers;

namespace Quoll.Interop.Shell;

/// <summary>A terminal (tmux) with a program in it, in which keys are typed and whose screen is read.</summary>
internal sealed class Terminal : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);
    private readonly string _socket = $"quoll-{Guid.NewGuid():N}";
    private readonly TempDirectory _home = new();

    public Terminal(int columns, int rows, params string[] command) => Run(
        ["-f", "/dev/null", "new-session", "-d", "-x", $"{columns}", "-y", $"{rows}", "-e", $"HOME={_home.Path}", .. command]);

    public string Home => _home.Path;

    /// <summary>Types text as it is.</summary>
    public void Type(string text) => Run(["send-keys", "-l", text]);

    /// <summary>Presses keys: <c>Enter</c>, <c>Tab</c>, <c>Up</c>, <c>C-r</c>.</summary>
    public void Press(params string[] keys) => Run(["send-keys", .. keys]);

    /// <summary>What stands on the screen, without the empty end.</summary>
    public string Screen() => Run(["capture-pane", "-p"]).TrimEnd();

    /// <summary>Waits until the screen ends like this.</summary>
    public Task UntilEndsWithAsync(string end) => Deadline.UntilAsync(
        Patience, $"a screen that ends with '{end}', instead of\n{Screen()}",
        () => Task.FromResult(Screen().EndsWith(end, StringComparison.Ordinal)));

    /// <summary>Waits until this stands somewhere on the screen.</summary>
    public Task UntilContainsAsync(string text) => Deadline.UntilAsync(
        Patience, $"a screen with '{text}', instead of\n{Screen()}",
        () => Task.FromResult(Screen().Contains(text, StringComparison.Ordinal)));

    /// <summary>Waits until the program has ended, and the terminal with it.</summary>
    public Task UntilGoneAsync() => Deadline.UntilAsync(
        Patience, "the program's end", () => Task.FromResult(Run(["list-sessions"], mayFail: true).Length == 0));

    public void Dispose()
    {
        Run(["kill-server"], mayFail: true);
        _home.Dispose();
    }

    private string Run(string[] arguments, bool mayFail = false)
    {
        using var tmux = Process.Start(new ProcessStartInfo("tmux", ["-L", _socket, .. arguments])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
        var printed = tmux.StandardOutput.ReadToEnd();
        var errors = tmux.StandardError.ReadToEnd();
        tmux.WaitForExit();
        Assert.True(mayFail || tmux.ExitCode == 0, $"tmux {string.Join(' ', arguments)}: {errors}");
        return printed;
    }
}
