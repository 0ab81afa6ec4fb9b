using System.CommandLine;
using System.Runtime.InteropServices;
using System.Threading.Channels;
using Quoll.Client;
using Quoll.Testing;

namespace Quoll.Samples;

/// <summary>
/// A program with a demonstration and with roles. Without arguments the demonstration runs, on three servers inside this process, and
/// starts processes of this same program for the roles. With a role's name that role runs, for whoever wants to start, kill and watch them
/// by hand. <c>--connect</c> names the servers, of any ZooKeeper.
/// </summary>
/// <param name="description">What the program shows, for its help.</param>
/// <param name="demonstration">What runs when no role is named.</param>
public sealed class Sample(string description, Func<SampleRun, Task> demonstration)
{
    // To let all processes that were started end, and to end those that do not.
    private static readonly TimeSpan EndsWithin = TimeSpan.FromSeconds(10);

    private readonly Option<string?> _connect = new("--connect")
    {
        Description = "The servers, as host:port,host:port/chroot. By default three are started inside this process.",
        Recursive = true,
    };

    private readonly Option<double> _timeout = new("--session-timeout")
    {
        Description = "How long a process may be silent before it counts as dead, in seconds.",
        DefaultValueFactory = _ => 4,
        Recursive = true,
    };

    private readonly Option<bool> _attended = new("--attended")
    {
        Description = "End when standard input does: whoever started this process holds the other end.",
        Hidden = true,
        Recursive = true,
    };

    private readonly List<Command> _roles = [];

    /// <summary>Adds a role, which a process of its own can have.</summary>
    /// <param name="name">What stands on the command line.</param>
    /// <param name="does">What it does, for the help.</param>
    /// <param name="run">What runs; it ends when <see cref="SampleRun.Stop"/> fires.</param>
    /// <param name="arguments">What it is told, in this order.</param>
    public Sample WithRole(string name, string does, Func<SampleRun, Task> run, params string[] arguments)
    {
        var command = new Command(name, does);
        var given = Array.ConvertAll(arguments, argument => new Argument<string>(argument));
        foreach (var argument in given)
            command.Arguments.Add(argument);
        command.SetAction((parsed, stop) => RunAsync(
            parsed.GetValue(_connect), parsed, Array.ConvertAll(given, argument => parsed.GetRequiredValue(argument)), run, stop));
        _roles.Add(command);
        return this;
    }

    /// <summary>Runs what the command line says.</summary>
    public Task<int> RunAsync(string[] args)
    {
        var root = new RootCommand(description) { _connect, _timeout, _attended };
        root.SetAction((parsed, stop) => RunAsync(parsed.GetValue(_connect), parsed, [], DemonstrateAsync, stop));
        foreach (var role in _roles)
            root.Subcommands.Add(role);
        return root.Parse(args).InvokeAsync(new InvocationConfiguration { ProcessTerminationTimeout = EndsWithin });
    }

    private async Task DemonstrateAsync(SampleRun run)
    {
        await run.OpenAsync();
        await demonstration(run);
    }

    private async Task<int> RunAsync(
        string? connect, ParseResult parsed, string[] arguments, Func<SampleRun, Task> run, CancellationToken stop)
    {
        await using var ensemble = connect is null
            ? await TestEnsemble.StartAsync(new TestEnsembleOptions { Servers = 3, ListenOnLoopback = true }, stop)
            : null;
        if (ensemble is not null)
            Console.WriteLine($"Three servers run in this process: --connect {ensemble.LoopbackConnectionString}");
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(stop);

        // The terminal was closed: an end like any other.
        using var hangup = PosixSignalRegistration.Create(PosixSignal.SIGHUP, signal =>
        {
            signal.Cancel = true;
            ending.Cancel();
        });
        var input = Channel.CreateBounded<string>(16);
        _ = ReadInputAsync(input.Writer, parsed.GetValue(_attended) ? ending : null);
        await using var fleet = new Fleet();
        try
        {
            await run(new SampleRun
            {
                ConnectionString = connect ?? ensemble!.LoopbackConnectionString,
                SessionTimeout = TimeSpan.FromSeconds(parsed.GetValue(_timeout)),
                Arguments = arguments,
                Input = input.Reader,
                Fleet = fleet,
                Stop = ending.Token,
            });
        }
        catch (OperationCanceledException) when (ending.IsCancellationRequested)
        {
            // That is how it ends.
        }
        catch (ZooKeeperException e)
        {
            await Console.Error.WriteLineAsync(e.Message);
            return 1;
        }

        return 0;
    }

    private static async Task ReadInputAsync(ChannelWriter<string> lines, CancellationTokenSource? ending)
    {
        // Console.In would block its caller.
        using var input = new StreamReader(Console.OpenStandardInput());
        while (await input.ReadLineAsync() is { } line)
            await lines.WriteAsync(line);
        lines.Complete();
        if (ending is not null)
            await ending.CancelAsync();
    }
}
