using System.CommandLine;

namespace Quoll.Cli.Shell;

/// <summary><c>quoll shell</c>: one line after the other, typed, or from a script on standard input.</summary>
internal static class PromptCommand
{
    public static Command Create(ShellContext shell, EndSignals signals)
    {
        var keepGoing = new Option<bool>("--keep-going") { Description = "In a script, go on after a line that failed." };
        var command = new Command(
            "shell",
            "Type commands, with completion and history; or run a script from standard input.\nquoll shell --server zk1:2181,zk2:2181")
        {
            keepGoing,
        };
        shell.SetAction(command, async invocation =>
        {
            shell.Settings.Start = invocation.Parsed;
            await using var prompt = new Prompt(shell, signals);
            try
            {
                invocation.ExitCode = shell.Console.IsTerminal
                    ? await prompt.TypeAsync()
                    : await prompt.RunScriptAsync(invocation.Get(keepGoing));
            }
            catch (OperationCanceledException) when (signals.Stop.IsCancellationRequested)
            {
                invocation.ExitCode = ExitCode.Interrupted;
            }
        });
        return command;
    }
}

/// <summary>Reads lines and runs them, until <c>quit</c>.</summary>
internal sealed class Prompt : IAsyncDisposable
{
    private readonly ShellContext _shell;
    private readonly EndSignals _signals;
    private readonly CancellationToken _stop;
    private readonly RootCommand _lines = new("The commands of the prompt. --help behind one tells more of it.");
    private readonly History _history = History.OfUser();
    private bool _isOver;

    public Prompt(ShellContext shell, EndSignals signals)
    {
        (_shell, _signals, _stop) = (shell, signals, signals.Stop);
        _lines.Subcommands.Clear();
        shell.Settings.AddTo(_lines);
        foreach (var command in ShellCommands.All(shell).Concat(WatchCommands.OfPrompt(shell)).Concat(Own()))
            _lines.Subcommands.Add(command);
        ExampleHelp.AddTo(_lines);
    }

    /// <summary>Lines that somebody types.</summary>
    public async Task<int> TypeAsync()
    {
        _shell.Console.Line("help lists the commands, Tab completes, quit ends.");
        await RunAsync("connect");
        var editor = new LineEditor(_history, Complete);
        while (!_isOver && !_stop.IsCancellationRequested)
        {
            _shell.Console.Editor = editor;
            var line = await Task.Run(() => editor.Read(Label())).WaitAsync(_stop);
            _shell.Console.Editor = null;
            if (line is null)
                break;
            if (line.Trim().Length == 0)
                continue;
            _history.Add(line);
            await RunAsync(line);
        }

        return ExitCode.Clean;
    }

    /// <summary>Lines of a script: the first that fails ends it, unless it is to go on.</summary>
    public async Task<int> RunScriptAsync(bool keepGoing)
    {
        var (first, number) = (ExitCode.Clean, 0);
        while (!_isOver && await _shell.Console.Input.ReadLineAsync(_stop).AsTask().WaitAsync(_stop) is { } line)
        {
            number++;
            if (line.Trim() is "" or ['#', ..])
                continue;
            _history.Remember(line);
            var code = await RunAsync(line);
            if (code == ExitCode.Clean)
                continue;
            first = first == ExitCode.Clean ? code : first;
            if (keepGoing && code != ExitCode.Interrupted)
                continue;
            _shell.Console.Error($"Line {number} failed: {line}");
            break;
        }

        return first;
    }

    public ValueTask DisposeAsync() => _shell.CloseAsync();

    private string Label() => _shell.Connected?.State is { } state
        ? $"[{state.Server ?? state.State.ToString()}] "
        : "[not connected] ";

    private async Task<int> RunAsync(string line)
    {
        try
        {
            // Ctrl+C ends the command, and not the prompt.
            return await _signals.RunPartAsync(stop => QuollCommand.RunAsync(_lines, LineWords.Split(line), stop));
        }
        catch (UsageException e)
        {
            _shell.Console.Error(e.Message);
            return ExitCode.Usage;
        }
    }

    private IEnumerable<string> Complete(string line) =>
        _lines.Parse(line).GetCompletions(line.Length).Select(item => item.Label)
            .Where(label => !label.StartsWith("/?", StringComparison.Ordinal));

    private IEnumerable<Command> Own()
    {
        var servers = new Argument<string?>("servers") { Arity = ArgumentArity.ZeroOrOne };
        var connect = new Command("connect", "Connect to servers, or to the same ones anew.\nconnect zk1:2181,zk2:2181/app") { servers };
        _shell.SetAction(connect, async invocation =>
        {
            await _shell.CloseAsync();
            _shell.Settings.Server = invocation.Parsed.GetValue(servers) ?? _shell.Settings.Server;
            var client = await invocation.ConnectAsync();
            _shell.Console.Line($"connected to {client.State.Server}, session {client.Session}");
        });
        var close = new Command("close", "End the session.");
        _shell.SetAction(close, _ => _shell.CloseAsync().AsTask());
        var history = new Command("history", "List the last commands, with their numbers.");
        _shell.SetAction(history, _ =>
        {
            foreach (var (number, line) in _history.Last(11))
                _shell.Console.Line($"{number} - {line}");
            return Task.CompletedTask;
        });
        var which = new Argument<int>("number");
        var redo = new Command("redo", "Run a command of the history again.\nredo 3") { which };
        _shell.SetAction(redo, async invocation =>
        {
            var line = _history[invocation.Get(which)] ?? throw new UsageException("Command index out of range");
            if (line.TrimStart().StartsWith("redo", StringComparison.Ordinal))
                throw new UsageException("No redoing redos");
            invocation.ExitCode = await RunAsync(line);
        });
        var version = new Command("version", "Show this program's version.");
        _shell.SetAction(version, _ =>
        {
            _shell.Console.Line($"quoll {typeof(Prompt).Assembly.GetName().Version!.ToString(3)}");
            return Task.CompletedTask;
        });
        var quit = new Command("quit", "End the prompt.") { Aliases = { "exit" } };
        _shell.SetAction(quit, _ =>
        {
            _isOver = true;
            return Task.CompletedTask;
        });
        var about = new Argument<string?>("command") { Arity = ArgumentArity.ZeroOrOne };
        var help = new Command("help", "List the commands, or tell more of one.\nhelp get") { about };
        help.SetAction(parsed => _lines.Parse([.. new[] { parsed.GetValue(about) }.OfType<string>(), "--help"]).Invoke());
        return [connect, close, history, redo, version, quit, help];
    }
}
