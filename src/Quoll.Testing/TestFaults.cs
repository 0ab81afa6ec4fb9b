using Quoll.Protocol;
using Quoll.Testing.Hosting;

namespace Quoll.Testing;

/// <summary>
/// What goes wrong in a <see cref="TestEnsemble"/>, from the moment a test asks for it until it calls <see cref="Heal"/>. Each has
/// happened, with all that servers do of it at once, when the call returns. All throw <see cref="ObjectDisposedException"/> when the
/// ensemble was disposed.
/// </summary>
public sealed class TestFaults
{
    private readonly TestEnsemble _ensemble;
    private readonly PeerNetwork _network;

    internal TestFaults(TestEnsemble ensemble, PeerNetwork network)
    {
        _ensemble = ensemble;
        _network = network;
    }

    internal ReplyFault Replies { get; } = new();

    internal TimeSpan ClientDelay { get; private set; }

    /// <summary>
    /// The next request of this kind, whoever sends it, is carried out; its reply is lost, with all that would follow it, and its
    /// connection breaks. Called several times, so many replies are lost, each once.
    /// </summary>
    /// <param name="operation">
    /// The kind, as the client sends it: a create that asks for the new znode's stat is <see cref="OpCode.Create2"/>, one inside a multi is
    /// <see cref="OpCode.Multi"/>, and what a client says first is <see cref="OpCode.CreateSession"/>.
    /// </param>
    public void DropNextReply(OpCode operation) => _ensemble.Do(() => Replies.Add(operation));

    /// <summary>
    /// Cuts a server off from all others and from all clients. All connections with it break, which both sides notice, and none can be
    /// made.
    /// </summary>
    /// <param name="server">The server; it runs on.</param>
    public void Isolate(TestServer server)
    {
        ArgumentNullException.ThrowIfNull(server);
        _ensemble.Do(() =>
        {
            server.Process.IsIsolated = true;
            server.Process.BreakClients();
            _network.Break(server.Process, _network.Servers.Values);
        });
    }

    /// <summary>
    /// Parts the servers: those of different groups can't reach each other, and what connects them breaks. Clients still reach all. What is
    /// parted stays so when this is called again.
    /// </summary>
    /// <param name="groups">
    /// Positions in <see cref="TestEnsemble.Servers"/>, from 0: <c>Partition([0], [1, 2])</c>. A server that is in no group reaches all.
    /// </param>
    /// <exception cref="ArgumentOutOfRangeException">There is no server at such a position.</exception>
    /// <exception cref="ArgumentException">A server is in two groups.</exception>
    public void Partition(params int[][] groups)
    {
        ArgumentNullException.ThrowIfNull(groups);
        if (groups.SelectMany(group => group).GroupBy(at => at).Any(same => same.Count() > 1))
            throw new ArgumentException("a server is in one group only", nameof(groups));
        var parts = groups.Select(group => group.Select(at => _ensemble.Servers[at].Process).ToList()).ToList();
        _ensemble.Do(() =>
        {
            for (var i = 0; i < parts.Count; i++)
            {
                var others = parts.Skip(i + 1).SelectMany(part => part).ToList();
                foreach (var one in parts[i])
                    others.ForEach(other => _network.Part(one, other));
            }
        });
    }

    /// <summary>All that servers say to each other takes so long from now on; what is under way arrives when it would have.</summary>
    /// <param name="time">How long each way, in the ensemble's time; not negative. Zero ends it.</param>
    public void Delay(TimeSpan time)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(time, TimeSpan.Zero);
        _ensemble.Do(() => _network.Delay = time);
    }

    /// <summary>
    /// All that clients and servers say to each other takes so long from now on; what is under way arrives when it would have.
    /// </summary>
    /// <param name="time">How long each way, in the ensemble's time; not negative. Zero ends it.</param>
    public void DelayClients(TimeSpan time)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(time, TimeSpan.Zero);
        _ensemble.Do(() => ClientDelay = time);
    }

    /// <summary>Breaks the connections of all clients with a server; they may connect again at once.</summary>
    /// <param name="server">The server.</param>
    public void BreakClients(TestServer server)
    {
        ArgumentNullException.ThrowIfNull(server);
        _ensemble.Do(server.Process.BreakClients);
    }

    /// <summary>
    /// A server stands still, as in a long pause for garbage: connections stay and can be made, and nothing comes from it. Those who wait
    /// for it must notice by the clock. When it goes on, it takes what has come meanwhile.
    /// </summary>
    /// <param name="server">The server.</param>
    public void Freeze(TestServer server)
    {
        ArgumentNullException.ThrowIfNull(server);
        _ensemble.Do(server.Process.Freeze);
    }

    /// <summary>
    /// A server's disk takes nothing more: what is written waits and is not acknowledged. <see cref="TestServer.CrashAsync"/> loses it
    /// then.
    /// </summary>
    /// <param name="server">The server.</param>
    public void StallDisk(TestServer server)
    {
        ArgumentNullException.ThrowIfNull(server);
        _ensemble.Do(() => server.Process.DiskIsStalled = true);
    }

    /// <summary>
    /// Ends all faults: servers reach each other again, go on, and write; nothing is delayed; no reply is lost any more. Servers that are
    /// down stay down.
    /// </summary>
    public void Heal() => _ensemble.Do(() =>
    {
        Replies.Clear();
        ClientDelay = _network.Delay = TimeSpan.Zero;
        foreach (var server in _network.Servers.Values)
        {
            server.IsIsolated = false;
            server.DiskIsStalled = false;
            server.Thaw();
        }

        _network.Heal();
    });
}
