using Quoll.Client;
using Quoll.Core.Election;
using Quoll.Recipes;

namespace Quoll.Simulator.Programs;

/// <summary>
/// Processes that run a program on the real client and recipes, against an ensemble of real servers, through faults of servers, network and
/// processes; and the verdict on it. One thread, one clock: the same seed gives the same run.
/// </summary>
public sealed class ProgramRun
{
    private const int Patience = 60_000;
    private const int LookEvery = 10_000;

    /// <summary>How many there are; their numbers begin with 0.</summary>
    internal const int Processes = 4;

    private readonly int _seed;
    private readonly Simulation _simulation;
    private readonly List<SimProcess> _processes;
    private readonly Faults _faults;
    private readonly IProgram _program;

    private ProgramRun(int seed, int servers, Func<Simulation, IProgram> program)
    {
        _seed = seed;
        _simulation = new Simulation(seed, servers);
        _processes = [.. Enumerable.Range(0, Processes).Select(number => new SimProcess(_simulation, number, TimeoutOf(number)))];
        _faults = new Faults(_simulation, _processes);
        _program = program(_simulation);
    }

    /// <summary>What happened, a line each.</summary>
    public IReadOnlyList<string> Trace => _simulation.Trace;

    /// <summary>Faults injected, by kind.</summary>
    public IReadOnlyDictionary<string, int> Faults => _faults.Injected;

    /// <summary>The programs that there are, by name.</summary>
    internal static IReadOnlyDictionary<string, Func<Simulation, IProgram>> Programs { get; } =
        new Dictionary<string, Func<Simulation, IProgram>>
        {
            ["requests"] = simulation => new RequestProgram(simulation),
            ["lock"] = simulation => new LockProgram(simulation),
            ["election"] = simulation => new ElectionProgram(simulation),
            ["barrier"] = simulation => new BarrierProgram(simulation),
            ["counter"] = simulation => new CounterProgram(simulation),
            ["queue"] = simulation => new QueueProgram(simulation),
            ["readwrite"] = simulation => new ReadWriteProgram(simulation),
            ["semaphore"] = simulation => new SemaphoreProgram(simulation),
            ["multilock"] = simulation => new MultiLockProgram(simulation),
            ["gathering"] = simulation => new GatheringProgram(simulation),
            ["value"] = simulation => new ValueProgram(simulation),
            ["cache"] = simulation => new CacheProgram(simulation),
            ["registration"] = simulation => new RegistrationProgram(simulation),
            ["membership"] = simulation => new MembershipProgram(simulation),
            ["discovery"] = simulation => new DiscoveryProgram(simulation),
            ["partitions"] = simulation => new PartitionProgram(simulation),
            ["chaos"] = simulation => new ChaosProgram(
                new LockProgram(simulation), new ElectionProgram(simulation), new QueueProgram(simulation), new CounterProgram(simulation),
                new PartitionProgram(simulation), new RegistrationProgram(simulation), new CacheProgram(simulation),
                new SemaphoreProgram(simulation)),
        };

    /// <summary>The names of the programs.</summary>
    public static IEnumerable<string> Names => Programs.Keys;

    /// <summary>A run of a program.</summary>
    public static ProgramRun Of(string program, int seed, int servers = 3)
    {
        // Whatever context there is would take what is to happen here to another thread.
        var context = SynchronizationContext.Current;
        SynchronizationContext.SetSynchronizationContext(null);
        try
        {
            return new ProgramRun(seed, servers, Programs[program]);
        }
        finally
        {
            SynchronizationContext.SetSynchronizationContext(context);
        }
    }

    /// <summary>Runs for so many milliseconds of simulated time; complaints, if there are any. What is thrown is a complaint as
    /// well.</summary>
    public IReadOnlyList<string> Run(int milliseconds)
    {
        var context = SynchronizationContext.Current;
        SynchronizationContext.SetSynchronizationContext(null);
        using var ids = Ids.From(_seed);
        try
        {
            RunInside(milliseconds);
            return _simulation.Complaints;
        }
#pragma warning disable CA1031 // Whatever it is, it is the run's result.
        catch (Exception e)
#pragma warning restore CA1031
        {
            return [.. _simulation.Complaints, e.ToString()];
        }
        finally
        {
            SynchronizationContext.SetSynchronizationContext(context);
        }
    }

    private static TimeSpan TimeoutOf(int number) => TimeSpan.FromSeconds(number % 2 == 0 ? 4 : 6);

    private void RunInside(int milliseconds)
    {
        foreach (var server in _simulation.Servers)
            server.Start();
        Look();
        using var stop = new CancellationTokenSource();
        var running = _processes.ConvertAll(process => ObserveAsync(process, stop.Token));
        var end = _simulation.Now + (milliseconds * 1000L);
        while (_simulation.Now < end && _simulation.Complaints.Count == 0)
        {
            _simulation.Run(_simulation.Random.Next(200, 4000));
            if (_simulation.Chance(0.3))
                HarmProcess();
            else
                _faults.Inject();
        }

        if (_simulation.Complaints.Count == 0)
            Finish(stop, running);
    }

    private void Look()
    {
        _program.Look();
        _simulation.After(LookEvery, Look);
    }

    private void HarmProcess()
    {
        var process = _processes[_simulation.Random.Next(Processes)];
        switch (_simulation.Random.Next(7))
        {
            case 0:
                Count("process stands still for longer than its session");
                process.Pause(_simulation.Between(4_000_000, 12_000_000));
                break;
            case 1:
                Count("process stands still for a while");
                process.Pause(_simulation.Between(10_000, 3_000_000));
                break;
            case 2:
                Count("process loses its connections");
                process.Interrupt();
                break;
            case 3 or 4:
                Count("answer is lost");
                process.LoseFrame(_simulation.Random.Next(8));
                break;
            case 5:
                AskAsItEnds(process);
                break;
            default:
                Count("clocks are set");
                process.SetClock(_simulation.Between(-5_000_000, 5_000_000));
                _simulation.Servers[_simulation.Random.Next(_simulation.Servers.Count)].ClockError = _simulation.Between(-5_000, 5_000);
                break;
        }
    }

    // A new leader lets the session live on; its process wakes shortly before it must take it for ended, and whom it asks is slow to
    // answer.
    private void AskAsItEnds(SimProcess process)
    {
        Count("session is asked for as it ends");
        var timeout = (long)TimeoutOf(process.Number).TotalMicroseconds;
        var sleep = (timeout * 4 / 3) - _simulation.Between(100_000, 1_000_000);
        process.Pause(sleep);
        _simulation.After(timeout * 2 / 3, () =>
        {
            var leader = _simulation.Servers.FirstOrDefault(server => server.Peer is { State: ServerState.Leading });
            leader?.Crash();
            _simulation.After(500_000, () => leader?.Start());
        });
        _simulation.After(sleep - 1_000, () =>
        {
            foreach (var server in _simulation.Servers)
                server.Pause(_simulation.Between(300_000, 1_300_000));
        });
    }

    private void Count(string fault) => _faults.Injected[fault] = _faults.Injected.GetValueOrDefault(fault) + 1;

    private async Task ObserveAsync(SimProcess process, CancellationToken stop)
    {
        try
        {
            await _program.RunAsync(process, stop).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            // It was told to.
        }
#pragma warning disable CA1031 // Whatever it is, it is the run's result.
        catch (Exception e)
#pragma warning restore CA1031
        {
            _simulation.Complain($"process {process.Number}: {e}");
        }
    }

    private void Finish(CancellationTokenSource stop, List<Task> running)
    {
        _simulation.Run(4_100);
        _faults.End();
        _simulation.Network.Heal();
        foreach (var server in _simulation.Servers)
            server.Start();
        if (!_simulation.RunUntil(() => _simulation.Servers.All(server => server.Peer is { Serves: true }), Patience))
            _simulation.Complain($"not all serve {Patience} ms after the last fault");
        _program.OnQuiet();
        Settle();
        stop.Cancel();
        if (!_simulation.RunUntil(() => running.TrueForAll(task => task.IsCompleted), Patience))
            _simulation.Complain($"{running.Count(task => !task.IsCompleted)} processes do not stop");

        // Longer than any session: what is left of those that ended goes; those that there are now stay.
        _simulation.Run(15_000);
        foreach (var process in _processes.Where(process => process.Client.State.State != ConnectionState.Connected))
            _simulation.Complain($"process {process.Number} is not connected, with nothing in its way: {process.Client.State}");
        if (_simulation.Complaints.Count == 0)
            _program.Verify(new FinalTree(_simulation));
        var closing = _processes.ConvertAll(process => process.Client.DisposeAsync().AsTask());
        if (!_simulation.RunUntil(() => closing.TrueForAll(task => task.IsCompleted), Patience))
            _simulation.Complain("not all clients can be closed");
        _simulation.Run(1_000);
        if (new FinalTree(_simulation).Ephemerals is { Count: > 0 } left)
            _simulation.Complain($"ephemerals are left of clients that were closed: {string.Join(", ", left.Select(znode => znode.Path))}");
    }

    // The programs go on, and nothing is in their way.
    private void Settle()
    {
        for (var passed = 0; _simulation.Complaints.Count == 0; passed += 500)
        {
            _simulation.Run(500);
            List<string> unsettled = [.. _program.Unsettled(), .. Orphans()];
            if (unsettled.Count == 0)
                return;
            if (passed >= Patience)
                unsettled.ForEach(what => _simulation.Complain($"{what}, {Patience} ms after the last fault"));
        }
    }

    private IEnumerable<string> Orphans() =>
        from znode in new FinalTree(_simulation).Ephemerals
        where !_processes.Exists(process => process.Client.Session?.Id == znode.Owner)
        select $"{znode.Path} is left of session 0x{znode.Owner:x}, which nobody has";
}
