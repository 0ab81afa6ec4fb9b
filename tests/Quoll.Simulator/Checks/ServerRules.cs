using Quoll.Core.Election;
using Quoll.Protocol;
using Quoll.Protocol.Jute;
using Quoll.Protocol.Records;

namespace Quoll.Simulator.Checks;

/// <summary>
/// Holds a server to its word: what it sends to others must be true of its disk, and what it serves must have been decided. All of this is
/// checked at every step.
/// </summary>
internal sealed class ServerRules(Simulation simulation, SimServer server)
{
    private readonly Dictionary<long, string> _promises = [];
    private readonly HashSet<(long, long)> _claims = [];
    private int _roles;
    private bool _served;
    private long _applied;
    private long _mustHave;

    private DiskMirror Mirror => server.Mirror;

    /// <summary>Tells one turn as leader or learner from another.</summary>
    private string Role => $"server {server.Id} in its role {_roles}";

    public void OnStarted()
    {
        _roles++;
        _served = false;
        _mustHave = 0;
    }

    /// <summary>Between two roles, memory and disk tell the same (I4).</summary>
    public void OnLooking()
    {
        _roles++;
        _mustHave = 0;
        _claims.Add((Mirror.LastSynced, Mirror.Epoch));
        if (Mirror.Last != Mirror.LastSynced || server.Peer!.LastProcessed.Value != Mirror.Last)
        {
            simulation.Complain(
                $"server {server.Id} begins to look at {server.Peer!.LastProcessed}; its disk has 0x{Mirror.LastSynced:x}, and 0x"
                + $"{Mirror.Last:x} under way");
        }
    }

    /// <summary>After every step of the server.</summary>
    public void AfterStep()
    {
        var peer = server.Peer!;
        var applied = peer.LastProcessed.Value;
        if (!peer.Serves)
        {
            _served = false;
            return;
        }

        if (_served && applied == _applied)
            return;
        if (_served ? applied < _applied : applied < _mustHave)
        {
            var least = _served ? _applied : _mustHave;
            simulation.Complain($"server {server.Id} serves at 0x{applied:x}, and should be at 0x{least:x} at least");
        }

        (_served, _applied) = (true, applied);
        simulation.Ledger.OnCommitted(server.Id, applied, "serves");
    }

    public void OnSent(SimServer to, ReadOnlySpan<byte> bytes)
    {
        var reader = new JuteReader(bytes);
        while (!reader.AtEnd)
        {
            var packet = QuorumPacket.Read(ref reader);
            if (reader.Malformed)
                return;
            OnSent(to, packet);
        }
    }

    /// <summary>
    /// A vote for oneself says what the disk has (I4), or what it had in an earlier election: others may bring that back, and as in
    /// Apache's servers it is taken. It makes a leader that finds a quorum ahead of it, and tries again.
    /// </summary>
    public void OnNotified(ReadOnlySpan<byte> message)
    {
        if (Notification.TryRead(message, out var said) && said.State == ServerState.Looking)
            CheckVote(said.Vote);
    }

    /// <summary>The same, where it was asked.</summary>
    public void OnAnswered(ReadOnlySpan<byte> datagram)
    {
        if (!ElectionAnswer.TryRead(datagram, out var said))
            simulation.Complain($"server {server.Id} answers with {datagram.Length} bytes that are no answer");
        else if (said.State == ServerState.Looking)
            CheckVote(said.Vote);
    }

    /// <summary>The history that the leader of an epoch began with is on this server's disk (I5).</summary>
    public void CheckInitialHistory(long epoch, string when)
    {
        if (simulation.Ledger.Epochs.TryGetValue(epoch, out var led) && !Mirror.Has(led.Initial))
            simulation.Complain($"server {server.Id}: epoch {epoch} began with 0x{led.Initial:x}, which it has not on disk as it {when}");
    }

    private void CheckVote(Vote vote)
    {
        if (vote.Leader != server.Id || _claims.Contains((vote.Zxid.Value, vote.PeerEpoch)))
            return;
        simulation.Complain(
            $"server {server.Id} votes with {vote.Zxid} in epoch {vote.PeerEpoch}; its disk has 0x{Mirror.LastSynced:x} in "
            + $"{Mirror.CurrentEpoch}");
    }

    private void OnSent(SimServer to, in QuorumPacket packet)
    {
        var zxid = new Zxid(packet.Zxid);
        switch ((PacketType)packet.Type)
        {
            case PacketType.Ack:
                OnAck(zxid);
                break;
            case PacketType.AckEpoch:
                OnPromise(to, zxid, packet.Data.Span);
                break;
            case PacketType.LeaderInfo when Mirror.AcceptedEpoch < zxid.Epoch:
                simulation.Complain($"server {server.Id} names epoch {zxid.Epoch}, and has promised {Mirror.AcceptedEpoch} itself");
                break;
            case PacketType.NewLeader:
                OnNewLeader(to, zxid.Epoch);
                break;
            case PacketType.Commit or PacketType.Inform:
                simulation.Ledger.OnCommitted(server.Id, packet.Zxid, "commits");
                break;
        }
    }

    // What is acknowledged is on disk (I6).
    private void OnAck(Zxid zxid)
    {
        if (zxid.Counter == 0)
        {
            if (Mirror.CurrentEpoch != zxid.Epoch)
                simulation.Complain($"server {server.Id} acknowledges epoch {zxid.Epoch}, and has {Mirror.CurrentEpoch} on disk");
            CheckInitialHistory(zxid.Epoch, "acknowledges it");
        }
        else if (!Mirror.Has(zxid.Value))
        {
            simulation.Complain($"server {server.Id} acknowledges {zxid}, and has 0x{Mirror.LastSynced:x} on disk");
        }
    }

    // An epoch is promised once, and to one; with it goes what the disk has (I4).
    private void OnPromise(SimServer to, Zxid zxid, ReadOnlySpan<byte> data)
    {
        if (zxid.Value != Mirror.LastSynced || Mirror.Last != Mirror.LastSynced)
            simulation.Complain($"server {server.Id} says that it has {zxid}; its disk has 0x{Mirror.LastSynced:x}");
        var reader = new JuteReader(data);
        var current = reader.ReadInt();
        if (current == -1)
            return;
        if (current != Mirror.Epoch)
            simulation.Complain($"server {server.Id} says that it has epoch {current}; its disk has {Mirror.Epoch}");
        var leader = to.Rules.Role;
        if (!_promises.TryAdd(Mirror.AcceptedEpoch, leader) && _promises[Mirror.AcceptedEpoch] != leader)
        {
            var other = _promises[Mirror.AcceptedEpoch];
            simulation.Complain($"server {server.Id} promises epoch {Mirror.AcceptedEpoch} to {leader}, and had to {other}");
        }
    }

    // An epoch has one leader, once; and who learns from it, or from who follows it, must come to have what was committed before (I9).
    private void OnNewLeader(SimServer to, long epoch)
    {
        var epochs = simulation.Ledger.Epochs;
        var follows = server.Peer!.State == ServerState.Following;
        if (!epochs.TryGetValue(epoch, out var led) && !follows)
            epochs.Add(epoch, led = (Role, simulation.Ledger.LastOf(Mirror.LastSynced)));
        if (led.Role != Role && !follows)
            simulation.Complain($"epoch {epoch} is led by {Role}, and was by {led.Role}");
        if (Mirror.CurrentEpoch != epoch)
            simulation.Complain($"server {server.Id} names epoch {epoch} as the newest, and has {Mirror.CurrentEpoch} on disk");
        to.Rules._mustHave = Math.Max(led.Initial, simulation.Ledger.LastOf(server.Peer.LastProcessed.Value));
        simulation.Happens(server, Moment.HistorySent);
    }
}
