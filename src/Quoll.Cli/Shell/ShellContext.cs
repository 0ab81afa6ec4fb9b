using System.CommandLine;
using Quoll.Client;

namespace Quoll.Cli.Shell;

/// <summary>
/// What commands share: one client, connected when the first needs it, and where results go. A command of its own ends with it; at the
/// prompt it stays from line to line.
/// </summary>
/// <param name="settings">The options of all commands.</param>
/// <param name="console">Where people are asked and told.</param>
internal sealed class ShellContext(ShellSettings settings, ShellConsole console) : IAsyncDisposable
{
    private ZooKeeperClient? _client;

    /// <summary>The options of all commands.</summary>
    public ShellSettings Settings => settings;

    public ShellConsole Console => console;

    /// <summary>At the prompt a watch goes on beside it; a command of its own waits for it.</summary>
    public bool IsInteractive => settings.Start is not null;

    /// <summary>The client that there is, or null.</summary>
    public ZooKeeperClient? Connected => _client;

    /// <summary>Streams of watches, which go on beside the prompt.</summary>
    public WatchBoard Watches { get; } = new(console);

    /// <summary>A client with a session.</summary>
    /// <exception cref="ConnectionLossException">No server gave one in time.</exception>
    public async ValueTask<ZooKeeperClient> ConnectAsync(ParseResult parsed, CancellationToken stop)
    {
        if (IsInteractive && settings.IsConnectionGiven(parsed))
            throw new UsageException("At the prompt, connect SERVERS goes to others, and addauth makes you somebody else.");
        _client ??= new ZooKeeperClient(settings.Client(parsed));
        await _client.GetSessionAsync(stop);
        return _client;
    }

    /// <summary>Ends the session, if there is one.</summary>
    public async ValueTask CloseAsync()
    {
        await Watches.ClearAsync();
        if (_client is { } client)
            await client.DisposeAsync();
        _client = null;
    }

    /// <summary>Gives a command what it does, with one meaning of every way in which that can fail.</summary>
    public void SetAction(Command command, Func<Invocation, Task> run)
    {
        // A flag has no value: the word behind it is the command's.
        foreach (var flag in command.Options.Where(option => option.ValueType == typeof(bool)))
            flag.Arity = ArgumentArity.Zero;
        command.SetAction((parsed, stop) => RunAsync(run, parsed, stop));
    }

    public ValueTask DisposeAsync() => CloseAsync();

    private async Task<int> RunAsync(Func<Invocation, Task> run, ParseResult parsed, CancellationToken stop)
    {
        try
        {
            var invocation = new Invocation(this, parsed, stop);
            await run(invocation);
            return invocation.ExitCode;
        }
        catch (UsageException e)
        {
            console.Error(e.Message);
            return Cli.ExitCode.Usage;
        }
        catch (ShellException e)
        {
            console.Error(e.Message);
            return Cli.ExitCode.Refused;
        }
        catch (ZooKeeperException e)
        {
            console.Error(Errors.Explain(e, _client));
            return Errors.ToExitCode(e);
        }
        catch (ArgumentException e)
        {
            // Without the name of a parameter, which says nothing to who typed.
            console.Error(e.Message.Replace($" (Parameter '{e.ParamName}')", "", StringComparison.Ordinal));
            return Cli.ExitCode.Usage;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            console.Error(e.Message);
            return Cli.ExitCode.Refused;
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            return Cli.ExitCode.Interrupted;
        }
        finally
        {
            console.Progress(null);
            console.Flush();
            if (!IsInteractive)
                await CloseAsync();
        }
    }
}

/// <summary>A command on its way.</summary>
internal sealed class Invocation(ShellContext shell, ParseResult parsed, CancellationToken stop)
{
    public ShellContext Shell => shell;

    public ShellConsole Console => shell.Console;

    public ParseResult Parsed => parsed;

    public CancellationToken Stop => stop;

    /// <summary>What it ends with, when nothing goes wrong.</summary>
    public int ExitCode { get; set; }

    // Looked up once, and not for each line of an answer.
    public ByteFormat Bytes { get; } = shell.Settings.Bytes(parsed);

    public OutputFormat Format { get; } = shell.Settings.Format(parsed);

    /// <summary>A client with a session.</summary>
    public ValueTask<ZooKeeperClient> ConnectAsync() => shell.ConnectAsync(parsed, stop);

    public T Get<T>(Argument<T> argument) => parsed.GetValue(argument)!;

    public T? Get<T>(Option<T> option) => parsed.GetValue(option);

    /// <summary>Writes a result, in one of its two forms.</summary>
    public void Show(Func<string> text, Action<JsonAnswer> json)
    {
        if (Format == OutputFormat.Json)
            Console.Line(JsonAnswer.Write(json));
        else if (text() is { Length: > 0 } written)
            Console.Line(written);
    }

    /// <summary>Writes a result that is a text in both.</summary>
    public void ShowText(string text) => Console.Line(Format == OutputFormat.Json ? JsonAnswer.Write(text) : text);

    /// <summary>Asks before something is destroyed.</summary>
    /// <exception cref="ShellException">The answer was no, or nobody can be asked.</exception>
    public void Confirm(string question)
    {
        if (shell.Settings.Yes(parsed))
            return;
        if (!Console.CanAsk)
            throw new UsageException($"{question} Nobody can be asked here: say --yes.");
        if (!Console.Ask(question))
            throw new ShellException("Nothing was done.");
    }
}

/// <summary>It cannot be done, for a reason that is not a server's.</summary>
internal sealed class ShellException(string message) : Exception(message);
