using Quoll.Core;
using Quoll.Core.Election;
using Quoll.Core.Quorum;
using Quoll.Protocol;
using Quoll.Protocol.Records;
using Quoll.Tests.Storage;

namespace Quoll.Tests.Core.Zab;

/// <summary>
/// Several servers whose messages a test delivers one by one, or all at once with <see cref="Run"/>. No two of them may give one number to
/// two transactions (I2).
/// </summary>
internal sealed class SteppedEnsemble : IDisposable
{
    private readonly SortedDictionary<long, SteppedServer> _servers = [];
    private readonly HashSet<long> _apart = [];
    private readonly ElectionAlgorithm _algorithm;

    /// <param name="config">The ensemble.</param>
    /// <param name="disks">What each server finds, in the order of their numbers.</param>
    public SteppedEnsemble(EnsembleConfig config, params DataDirectory[] disks)
        : this(config, options => options, disks)
    {
    }

    /// <summary>Servers that elect their leader in another way.</summary>
    public SteppedEnsemble(ElectionAlgorithm algorithm, EnsembleConfig config, params DataDirectory[] disks)
        : this(config, options => options with { ElectionAlg = algorithm, Seed = (ulong)options.ServerId }, disks)
    {
    }

    /// <param name="config">The ensemble.</param>
    /// <param name="adjust">What the servers are told beside the usual.</param>
    /// <param name="disks">What each server finds, in the order of their numbers; nothing for those that are not there.</param>
    public SteppedEnsemble(EnsembleConfig config, Func<PeerOptions, PeerOptions> adjust, params DataDirectory[] disks)
    {
        var journal = new Dictionary<long, byte[]>();
        foreach (var (index, id) in config.Members.Keys.Order().Index())
        {
            var options = adjust(SteppedServer.Options(id, config));
            _algorithm = options.ElectionAlg;
            _servers[id] = new SteppedServer(options, disks.ElementAtOrDefault(index)?.Disk, journal);
        }

        foreach (var id in _servers.Keys)
            Meet(id);
    }

    public SteppedServer this[long id] => _servers[id];

    /// <summary>With it, of the datagrams some are lost, some come twice, and all in any order.</summary>
    public Random? Weather { get; init; }

    private IEnumerable<SteppedServer> Present => _servers.Values.Where(server => Has(server.Id));

    public void Crash(params long[] ids)
    {
        foreach (var id in ids)
        {
            Separate(id);
            _servers[id].Crash();
        }
    }

    public void Start(params long[] ids)
    {
        foreach (var id in ids)
        {
            _servers[id].Start();
            Meet(id);
        }
    }

    /// <summary>Cuts a server off from all others.</summary>
    public void Part(long id)
    {
        Separate(id);
        _apart.Add(id);
    }

    public void Join(long id)
    {
        _apart.Remove(id);
        Meet(id);
    }

    /// <summary>Votes go to and fro, and nothing else, until this server leads those who can hear it.</summary>
    public void Elect(long leader)
    {
        for (var turn = 0; turn < 100; turn++)
        {
            DeliverVotes();
            if (Present.All(server => server.Peer.State == (server.Id == leader ? ServerState.Leading : ServerState.Following)))
                return;
            PassAll(100);
        }

        Assert.Fail(string.Join(", ", Present.Select(server => $"{server.Id} is {server.Peer.State}")));
    }

    /// <summary>The learner's end of its newest connection; made now if it was only asked for.</summary>
    public Wire Learner(long learner, long leader)
    {
        Connect();
        return _servers[learner].Wires.Last(wire => wire.Other?.Server.Id == leader);
    }

    /// <summary>Delivers what an end has said, one packet after the other, through the first of this type.</summary>
    public static void DeliverThrough(Wire from, PacketType last)
    {
        while (true)
        {
            Assert.True(from.Said.TryDequeue(out var packet), $"{last} was not said");
            from.Other!.Hear(packet);
            if (packet.Type == last)
                return;
        }
    }

    /// <summary>Everything happens that can, while so much time passes.</summary>
    public void Run(int milliseconds = 5_000)
    {
        for (; milliseconds >= 0; milliseconds -= 100)
        {
            while (Step())
            {
            }

            PassAll(100);
        }
    }

    /// <summary>A client of a server asks for something, and everything happens until it is answered.</summary>
    public ErrorCode Ask(TestClient client, Ask ask)
    {
        var before = client.Replies.Count;
        client.Send(ask);
        for (var turn = 0; turn < 100 && client.Replies.Count == before; turn++)
            Run(100);
        return client.Replies[^1].Error;
    }

    /// <summary>A client of a server with a session.</summary>
    public TestClient Client(long server)
    {
        var client = _servers[server].Client();
        for (var turn = 0; turn < 100 && client.SessionId == 0; turn++)
            Run(100);
        Assert.NotEqual(0, client.SessionId);
        return client;
    }

    /// <summary>All servers that can hear each other serve, and have the same: in memory and on disk (I1).</summary>
    public string[] AssertSame()
    {
        var states = Present.Select(server => server.Reloaded()).ToList();
        foreach (var (server, state) in Present.Zip(states))
        {
            Assert.True(server.Peer.Serves, $"server {server.Id} is {server.Peer.State}, and serves nobody");
            Assert.True(server.Peer.LastProcessed == state.LastZxid, $"server {server.Id}: {server.Peer.LastProcessed}, {state.LastZxid}");
            Assert.Equal(Dump(states[0]), Dump(state));
        }

        return SteppedServer.Znodes(states[0]);
    }

    public void Dispose()
    {
        foreach (var server in _servers.Values)
            server.Dispose();
    }

    // The text of the configuration is each server's own affair.
    private static string[] Dump(Quoll.Core.RecoveredState state) =>
        [.. StateDump.Of(state).Split('\n').Where(line => !line.StartsWith("/zookeeper/config", StringComparison.Ordinal))];

    private bool Has(long id) => _servers[id].IsUp && !_apart.Contains(id);

    private bool Step()
    {
        var any = DeliverVotes() | Connect();
        foreach (var wire in Present.SelectMany(server => server.Wires).ToList())
            any |= DeliverAll(wire);
        foreach (var server in _servers.Values.Where(server => server.IsUp && server.DiskQueue.Any()))
        {
            server.RunDisk();
            any = true;
        }

        return any;
    }

    private static bool DeliverAll(Wire wire)
    {
        var any = false;
        while (wire.Said.TryDequeue(out var packet))
        {
            wire.Other?.Hear(packet);
            any = true;
        }

        if (wire is { Closed: true, Other.Down: false })
        {
            wire.Other.Break();
            any = true;
        }

        return any;
    }

    private bool DeliverVotes()
    {
        var any = false;
        foreach (var server in Present.ToList())
        {
            var votes = server.Votes.ToList();
            server.Votes.Clear();
            foreach (var (to, message) in votes.Where(vote => Has(vote.To)))
            {
                _servers[to].Do(peer => peer.OnNotification(server.Id, message));
                any = true;
            }
        }

        return any | DeliverDatagrams();
    }

    private bool DeliverDatagrams()
    {
        var any = false;
        foreach (var server in Present.ToList())
        {
            var datagrams = server.Datagrams.ToArray();
            server.Datagrams.Clear();
            Weather?.Shuffle(datagrams);
            foreach (var (to, bytes) in datagrams.Where(datagram => Has(datagram.To)))
            {
                for (var copies = Weather is null ? 1 : Weather.Next(10) switch { 0 or 1 => 0, 2 => 2, _ => 1 }; copies > 0; copies--)
                    _servers[to].Do(peer => peer.OnDatagram(bytes, server.Id));
                any = true;
            }
        }

        return any;
    }

    private bool Connect()
    {
        var any = false;
        foreach (var server in _servers.Values.Where(server => server.IsUp))
        {
            while (server.Connecting.TryPeek(out var asked))
            {
                any = true;
                if (!Has(server.Id) || !Has(asked.To.Server))
                {
                    server.Connecting.Dequeue();
                    server.Do(peer => peer.OnLinkDown(asked.Link));
                    continue;
                }

                var far = _servers[asked.To.Server].Connect(asked.To.ForObservers);
                var near = server.Accept(asked.To.Server);
                (near.Other, far.Other) = (far, near);
            }
        }

        return any;
    }

    private void Meet(long id)
    {
        if (_algorithm == ElectionAlgorithm.Basic)
            return;
        foreach (var other in Present.Where(other => other.Id != id && Has(id)).ToList())
        {
            _servers[id].Do(peer => peer.OnReachable(other.Id, true));
            other.Do(peer => peer.OnReachable(id, true));
        }
    }

    private void Separate(long id)
    {
        foreach (var other in Present.Where(other => other.Id != id && Has(id)).ToList())
        {
            foreach (var wire in other.Wires.Where(wire => wire.Other?.Server.Id == id).ToList())
            {
                wire.Break();
                wire.Other!.Break();
            }

            if (_algorithm == ElectionAlgorithm.Basic)
                continue;
            _servers[id].Do(peer => peer.OnReachable(other.Id, false));
            other.Do(peer => peer.OnReachable(id, false));
        }
    }

    private void PassAll(int milliseconds)
    {
        foreach (var server in _servers.Values.Where(server => server.IsUp))
            server.Pass(milliseconds);
    }
}
