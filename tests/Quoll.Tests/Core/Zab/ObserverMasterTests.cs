using Quoll.Core.Election;
using Quoll.Protocol;
using Quoll.Protocol.Records;
using Quoll.Tests.Storage;

namespace Quoll.Tests.Core.Zab;

/// <summary>A follower that serves observers, packet by packet. The leader, and the observers, say what the test wants.</summary>
public sealed class ObserverMasterTests
{
    private const long Session = 0x400000000000001;
    private static readonly Zxid NoZxid = new(-1);
    private static readonly Zxid Last = Z.Of(1, 3);

    [Fact]
    public void An_observer_is_told_of_each_change_when_it_is_committed_and_not_before()
    {
        using var server = Follower(out var leader);
        var observer = Observer(server, 4).Join(Last, 1, 4);

        leader.Propose(Z.Of(4, 1)).Propose(Z.Of(4, 2));
        Assert.Empty(observer.Wire.Said);
        leader.Commit(Z.Of(4, 1)).Propose(Z.Of(4, 3));

        Assert.Equal(DataDirectory.TxnOf(Z.Of(4, 1)), observer.Wire.Take(PacketType.Inform, Z.Of(4, 1)).Data);
        leader.Commit(Z.Of(4, 2)).Commit(Z.Of(4, 3));
        Assert.Equal([$"Inform {Z.Of(4, 2)}", $"Inform {Z.Of(4, 3)}"], observer.Wire.TakeAll());
    }

    [Theory]
    [InlineData(true, true)]
    [InlineData(true, false)]
    [InlineData(false, true)]
    [InlineData(false, false)]
    public void ZOOKEEPER_5088_an_observer_is_told_of_what_was_proposed_before_it_or_its_follower_was_there(bool early, bool diskWaits)
    {
        using var server = new SteppedServer(Options(), Directory());
        var leader = new ScriptedLeader(server, 4).Elect();
        leader.Greet();
        leader.Say(PacketType.Diff).NewLeader();
        server.RunDisk();
        if (early)
            leader.Propose(Z.Of(4, 1));
        leader.Say(PacketType.UpToDate, NoZxid);
        server.DiskWaits = diskWaits;
        if (!early)
            leader.Propose(Z.Of(4, 1));
        var observer = Observer(server, 4).Introduce(1).Promise(Last, 1);
        observer.Wire.Take(PacketType.Diff);
        observer.Wire.Take(PacketType.NewLeader);

        leader.Propose(Z.Of(4, 2)).Commit(Z.Of(4, 1));
        observer.Ack(Z.Of(4, 0)).Wire.Take(PacketType.UpToDate);
        leader.Commit(Z.Of(4, 2));

        Assert.Equal([$"Inform {Z.Of(4, 1)}", $"Inform {Z.Of(4, 2)}"], observer.Wire.TakeAll());
    }

    [Theory]
    [InlineData(1, 3, "Diff|NewLeader")]
    [InlineData(1, 1, "Diff|Proposal|Commit|Proposal|Commit|NewLeader")]
    [InlineData(1, 9, "Snapshot|0|NewLeader")]   // a stale tail: an Apache server is not told to cut
    [InlineData(0, 0, "Snapshot|0|Proposal|Commit|Proposal|Commit|NewLeader")]
    public void An_observer_is_brought_to_the_followers_history_as_by_a_leader(int epoch, int counter, string packets)
    {
        using var server = Follower(out _, new DataDirectory().Log(1, 1, 1).Snapshot(Z.Of(1, 1)).Log(1, 2, 3).Delete("snapshot.0"));
        var observer = Observer(server, 4).Introduce(0).Promise(Z.Of(epoch, counter), epoch);

        Assert.Equal(packets.Split('|'), observer.Wire.Said.Select(packet => $"{packet.Type}"));
        var name = observer.Wire.Said.Peek().Zxid;
        Assert.Equal(packets[0] == 'D' ? Last : counter == 9 ? Z.Of(4, 0) : Z.Of(1, 1), name);
    }

    [Fact]
    public void A_Quoll_observer_with_a_stale_tail_is_told_to_cut_it()
    {
        using var server = Follower(out _);
        var wire = server.Connect(asObserver: true);
        wire.Hear(PacketType.ObserverInfo, default, [.. ScriptedLearner.InfoOf(4), .. "QUOL"u8]);
        wire.Take(PacketType.LeaderInfo, Z.Of(4, 0));
        wire.Hear(PacketType.AckEpoch, Z.Of(1, 9), new Bytes().Int(1).ToArray());

        wire.Take(PacketType.Truncate, Last);
        wire.Take(PacketType.NewLeader, Z.Of(4, 0));
    }

    // What it has it was told to be committed, by a server that knew of it earlier: its clients have seen it.
    [Fact]
    public void An_observer_that_is_ahead_of_the_follower_is_not_cut_but_waits()
    {
        using var server = Follower(out var leader);
        leader.Propose(Z.Of(4, 1)).Commit(Z.Of(4, 1)).Propose(Z.Of(4, 2));
        var observer = Observer(server, 4).Introduce(4).Promise(Z.Of(4, 2), 4);
        Assert.Empty(observer.Wire.Said);

        leader.Commit(Z.Of(4, 2));

        Assert.Equal([$"Diff {Z.Of(4, 2)}", $"NewLeader {Z.Of(4, 0)}"], observer.Wire.TakeAll());
    }

    [Theory]
    [InlineData(5, 1, 4)]
    [InlineData(5, 1, 5)]
    public void An_observer_of_a_later_epoch_is_refused(int epoch, int counter, int currentEpoch)
    {
        using var server = Follower(out _);

        var observer = Observer(server, 4).Introduce(4).Promise(Z.Of(epoch, counter), currentEpoch);

        Assert.True(observer.Wire.Closed);
    }

    [Fact]
    public void A_server_that_votes_is_refused()
    {
        using var server = Follower(out _);

        Assert.True(new ScriptedLearner(server, 3, ofFollower: true).Introduce(1).Wire.Closed);
    }

    [Fact]
    public void An_observer_that_comes_before_the_follower_is_in_sync_waits()
    {
        using var server = new SteppedServer(Options(), Directory());
        Assert.True(server.Connect(asObserver: true).Closed);
        var leader = new ScriptedLeader(server, 4).Elect();
        leader.Greet();
        var observer = Observer(server, 4).Introduce(1);
        Assert.Empty(observer.Wire.Said);

        leader.Say(PacketType.Diff).Finish();

        observer.Wire.Take(PacketType.LeaderInfo, Z.Of(4, 0));
    }

    [Fact]
    public void A_leader_serves_nobody_at_the_port_for_observers()
    {
        using var server = ScriptedLearner.Elect(new SteppedServer(Options(3), Directory()));

        Assert.True(server.Connect(asObserver: true).Closed);
        Assert.False(server.Connect().Closed);
    }

    [Fact]
    public void Nobody_is_served_where_followers_do_not_serve()
    {
        using var server = new SteppedServer(SteppedServer.Options(1, SteppedServer.Config(3, observers: 2)), Directory());
        var leader = new ScriptedLeader(server, 4).Elect();
        leader.Greet();
        leader.Say(PacketType.Diff).Finish();

        Assert.True(server.Connect(asObserver: true).Closed);
    }

    [Fact]
    public void The_observers_of_a_follower_that_loses_its_leader_are_let_go()
    {
        using var server = Follower(out var leader);
        var (serving, joining) = (Observer(server, 4).Join(Last, 1, 4), Observer(server, 5).Introduce(1));

        leader.Vanish();

        Assert.Equal(ServerState.Looking, server.Peer.State);
        Assert.True(serving.Wire.Closed && joining.Wire.Closed);
    }

    [Fact]
    public void Observers_are_pinged_and_one_that_is_not_heard_is_let_go()
    {
        using var server = Follower(out var leader);
        var (heard, silent) = (Observer(server, 4).Join(Last, 1, 4), Observer(server, 5).Join(Last, 1, 4));
        for (var second = 1; second <= 5; second++)
        {
            Assert.False(silent.Wire.Closed);
            server.Pass(500);
            leader.Say(PacketType.Ping, Last);
            heard.Say(PacketType.Ping, heard.Wire.Take(PacketType.Ping).Zxid, []);
            server.Pass(500);
        }

        Assert.True(silent.Wire.Closed);
        Assert.False(heard.Wire.Closed);
    }

    [Fact]
    public void What_an_observers_clients_ask_goes_to_the_leader_as_it_came_and_their_sessions_with_the_next_ping()
    {
        using var server = Follower(out var leader);
        var observer = Observer(server, 4).Join(Last, 1, 4);
        leader.Wire.TakeAll();

        var create = Packet.Of(
            PacketType.Request, NoZxid, new Bytes().Long(Session).Int(0).Int((int)OpCode.CreateSession).Int(5000).ToArray());
        observer.Wire.Hear(create);
        Assert.Equal(create.Raw, leader.Wire.Take(PacketType.Request).Raw);
        leader.Say(PacketType.Proposal, Z.Of(4, 1), Txns.CreateSession(Z.Of(4, 1).Value, Session)).Commit(Z.Of(4, 1));
        observer.Wire.Take(PacketType.Inform, Z.Of(4, 1));
        leader.Wire.TakeAll();

        Assert.Equal(Touched(Session, 5000), PingOf(leader));
        Assert.Empty(PingOf(leader));
        observer.Say(PacketType.Ping, Last, Touched(Session, 5000));
        Assert.Equal(Touched(Session, 5000), PingOf(leader));
    }

    [Fact]
    public void A_sync_is_answered_to_who_asked_in_their_order_behind_what_was_committed()
    {
        using var server = Follower(out var leader);
        var (first, second) = (Observer(server, 4).Join(Last, 1, 4), Observer(server, 5).Join(Last, 1, 4));
        var path = new Bytes().String("/").ToArray();
        second.Request(Session, 1, OpCode.Sync, path);
        first.Request(Session + 1, 1, OpCode.Sync, path);
        second.Request(Session, 2, OpCode.Sync, path);

        leader.Propose(Z.Of(4, 1)).Commit(Z.Of(4, 1)).Say(PacketType.Sync).Say(PacketType.Sync);
        Assert.Equal([$"Inform {Z.Of(4, 1)}", $"Sync {default(Zxid)}"], first.Wire.TakeAll());
        Assert.Equal([$"Inform {Z.Of(4, 1)}", $"Sync {default(Zxid)}"], second.Wire.TakeAll());

        second.Wire.Break();
        leader.Say(PacketType.Sync).Propose(Z.Of(4, 2)).Commit(Z.Of(4, 2));
        Assert.Equal([$"Inform {Z.Of(4, 2)}"], first.Wire.TakeAll());
    }

    [Fact]
    public void Whether_a_session_lives_is_answered_to_who_asked_in_their_order()
    {
        using var server = Follower(out var leader);
        var (first, second) = (Observer(server, 4).Join(Last, 1, 4), Observer(server, 5).Join(Last, 1, 4));
        var here = server.Open();
        second.Say(PacketType.Revalidate, NoZxid, Touched(Session, 5000));
        here.SendConnect(5000, Session, PasswordOf(Session));
        first.Say(PacketType.Revalidate, NoZxid, Touched(Session, 6000));

        Answer(leader, Session, true);
        Assert.Equal(Answer(Session, true), second.Wire.Take(PacketType.Revalidate).Data);
        Answer(leader, Session, true);
        Assert.Equal(Session, here.SessionId);
        Assert.Empty(first.Wire.Said);
        Answer(leader, Session, true);
        Assert.Equal(Answer(Session, true), first.Wire.Take(PacketType.Revalidate).Data);

        Assert.True(here.IsClosed);
        Assert.Equal(Touched(Session, 6000), PingOf(leader));
    }

    [Fact]
    public void A_session_that_ended_is_not_kept_alive()
    {
        using var server = Follower(out var leader);
        var observer = Observer(server, 4).Join(Last, 1, 4);
        observer.Say(PacketType.Revalidate, NoZxid, Touched(Session, 5000));

        Answer(leader, Session, false);

        Assert.Equal(Answer(Session, false), observer.Wire.Take(PacketType.Revalidate).Data);
        Assert.Empty(PingOf(leader));
    }

    // To the leader all observers of a follower are one learner: it would take what a client had sent over the one that it has left.
    [Fact]
    public void What_a_client_sent_over_an_observer_that_it_has_left_is_refused()
    {
        using var server = Follower(out var leader);
        var (old, next) = (Observer(server, 4).Join(Last, 1, 4), Observer(server, 5).Join(Last, 1, 4));
        old.Request(Session, 0, OpCode.CreateSession, new Bytes().Int(5000).ToArray());
        next.Say(PacketType.Revalidate, NoZxid, Touched(Session, 5000));
        leader.Wire.TakeAll();

        old.Request(Session, 7, OpCode.Create, Ask.Create("/late").Body);
        Assert.Equal(Refused(7), leader.Wire.Take(PacketType.Request).Data);

        Answer(leader, Session, true);
        old.Request(Session, 8, OpCode.CloseSession, []);
        Assert.Equal(Refused(8), leader.Wire.Take(PacketType.Request).Data);
        next.Request(Session, 9, OpCode.CloseSession, []);
        Assert.Equal(
            new Bytes().Long(Session).Int(9).Int((int)OpCode.CloseSession).ToArray(), leader.Wire.Take(PacketType.Request).Data);
    }

    [Fact]
    public void The_request_that_every_leader_refuses_is_refused()
    {
        using var server = ScriptedLearner.Elect(new SteppedServer(Options(3), Directory()));
        var learner = new ScriptedLearner(server, 2).Join(Last, 1, 2);
        learner.Request(Session, 0, OpCode.CreateSession, new Bytes().Int(5000).ToArray());
        learner.Wire.TakeAll();

        learner.Request(Session, 7, OpCode.Delete, new Bytes().String("/").Int(-1).ToArray());

        var txn = new BytesReader(learner.Wire.Take(PacketType.Proposal).Data!);
        Assert.Equal((Session, 7), (txn.Long(), txn.Int()));
        txn.Long();
        txn.Long();
        Assert.Equal((int)OpCode.Error, txn.Int());
        Assert.Equal(ErrorCode.BadArguments, (ErrorCode)txn.Int());
    }

    private static Quoll.Core.PeerOptions Options(long id = 1) =>
        SteppedServer.Options(id, SteppedServer.Config(3, observers: 2), followersServe: true);

    private static MemoryDisk Directory() => new DataDirectory().Log(1, 1, 3).Epochs(1, 1).Disk;

    /// <summary>Server 1 follows in epoch 4, with 1|3.</summary>
    private static SteppedServer Follower(out ScriptedLeader leader, DataDirectory? directory = null)
    {
        var server = new SteppedServer(Options(), directory?.Epochs(1, 1).Disk ?? Directory());
        leader = new ScriptedLeader(server, 4).Elect();
        leader.Greet();
        leader.Say(PacketType.Diff, Last).Finish();
        return server;
    }

    private static ScriptedLearner Observer(SteppedServer of, long id) => new(of, id, observes: true, ofFollower: true);

    private static byte[] Touched(long session, int timeout) => new Bytes().Long(session).Int(timeout).ToArray();

    private static byte[] Refused(int cxid) =>
        new Bytes().Long(Session).Int(cxid).Int((int)OpCode.Delete).String("/").Int(-1).ToArray();

    private static byte[] PingOf(ScriptedLeader leader)
    {
        leader.Wire.TakeAll();
        leader.Say(PacketType.Ping, Last);
        return leader.Wire.Take(PacketType.Ping).Data!;
    }

    private static byte[] Answer(long session, bool lives) => new Bytes().Long(session).Bool(lives).ToArray();

    private static void Answer(ScriptedLeader leader, long session, bool lives) =>
        leader.Say(PacketType.Revalidate, NoZxid, Answer(session, lives));

    private static byte[] PasswordOf(long session)
    {
        var password = new byte[Quoll.Core.Sessions.SessionPassword.Length];
        Quoll.Core.Sessions.SessionPassword.Write(session, password);
        return password;
    }
}
