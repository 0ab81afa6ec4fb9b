using Quoll.Protocol;
using Quoll.Protocol.Records;

namespace Quoll.Tests.Core.Zab;

/// <summary>
/// An Apache learner has one queue for the changes and syncs of all its clients, and compares only the first in it with what its leader
/// says. Once something behind the first was committed, that is waited for without end, and so is all that comes after it.
/// </summary>
public sealed class SyncOrderTests
{
    private const long Session = 0x200000000000001;

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_sync_is_answered_before_the_commit_of_what_its_learner_sent_behind_it(bool observes)
    {
        using var server = Leader();
        var voter = new ScriptedLearner(server, 2).Join(Z.Of(1, 2), 1, 2);
        var asks = observes ? new ScriptedLearner(server, 4, observes: true).Join(Z.Of(1, 2), 1, 2) : voter;
        asks.Request(Session, 0, OpCode.CreateSession, new Bytes().Int(5000).ToArray());
        voter.Ack(Z.Of(2, 1));
        asks.Wire.TakeAll();

        asks.Request(Session, 1, OpCode.Create, Ask.Create("/before").Body);
        asks.Request(Session, 2, OpCode.Sync, Ask.Sync("/").Body);
        asks.Request(Session, 3, OpCode.Create, Ask.Create("/behind").Body);
        asks.Request(Session, 4, OpCode.Sync, Ask.Sync("/").Body);

        // Nobody answers the ping that a sync waits for; both changes are acknowledged at once.
        voter.Ack(Z.Of(2, 3));
        var committed = observes ? "Inform" : "Commit";
        Assert.Equal([$"{committed} {Z.Of(2, 2)}", $"Sync {Z.Of(0, 0)}", $"{committed} {Z.Of(2, 3)}"], Answers(asks));

        // The second was sent behind all that is committed: the ping has to say that this server still leads.
        voter.Say(PacketType.Ping, Z.Of(2, 3), []).Say(PacketType.Ping, Z.Of(2, 3), []).Say(PacketType.Ping, Z.Of(2, 3), []);
        Assert.Equal([$"Sync {Z.Of(0, 0)}"], Answers(asks));
    }

    [Fact]
    public void A_sync_of_one_learner_is_not_waited_for_by_another()
    {
        using var server = Leader();
        var asks = new ScriptedLearner(server, 2).Join(Z.Of(1, 2), 1, 2);
        var other = new ScriptedLearner(server, 1).Join(Z.Of(1, 2), 1, 2);
        asks.Request(Session, 1, OpCode.Sync, Ask.Sync("/").Body);
        other.Request(Session + 1, 0, OpCode.CreateSession, new Bytes().Int(5000).ToArray());
        asks.Wire.TakeAll();
        other.Wire.TakeAll();

        other.Ack(Z.Of(2, 1));

        Assert.Equal([$"Commit {Z.Of(2, 1)}"], Answers(other));
        Assert.Equal([$"Sync {Z.Of(0, 0)}", $"Commit {Z.Of(2, 1)}"], Answers(asks));
    }

    // The answer lets the client's next change come to be proposed.
    [Fact]
    public void A_change_behind_a_sync_of_the_leaders_own_client_is_proposed_when_that_is_answered()
    {
        using var server = Leader();
        var voter = new ScriptedLearner(server, 2).Join(Z.Of(1, 2), 1, 2);
        var client = server.Client();
        voter.Ack(Z.Of(2, 1)).Request(Session, 0, OpCode.CreateSession, new Bytes().Int(5000).ToArray()).Ack(Z.Of(2, 2));
        client.Send(Ask.Sync("/"));
        client.Send(Ask.Create("/behind"));
        voter.Request(Session, 1, OpCode.Create, Ask.Create("/others").Body).Ack(Z.Of(2, 3));
        Assert.Empty(client.Replies);

        foreach (var _ in Enumerable.Range(0, 3))
            voter.Say(PacketType.Ping, Z.Of(2, 3), []);
        voter.Ack(Z.Of(2, 4));

        Assert.Equal([(1, ErrorCode.Ok), (2, ErrorCode.Ok)], client.Replies.Select(reply => (reply.Xid, reply.Error)));
    }

    private static string[] Answers(ScriptedLearner learner) => [
        .. learner.Wire.TakeAll().Where(said => !said.StartsWith("Ping", StringComparison.Ordinal)
            && !said.StartsWith("Proposal", StringComparison.Ordinal))];

    private static SteppedServer Leader() => ScriptedLearner.Elect(new SteppedServer(
        SteppedServer.Options(3, SteppedServer.Config(3, observers: 1)), new DataDirectory().Log(1, 1, 2).Epochs(1, 1).Disk));
}
