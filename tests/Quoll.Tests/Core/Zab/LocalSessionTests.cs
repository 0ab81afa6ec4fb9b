using Quoll.Protocol;

namespace Quoll.Tests.Core.Zab;

/// <summary>Sessions that one server alone knows, until they need more (localSessionsEnabled).</summary>
public sealed class LocalSessionTests
{
    private const long Leader = 3;

    [Theory, InlineData(Leader), InlineData(1)]
    public void A_local_session_is_no_transaction_and_writes_all_the_same(long at)
    {
        using var ensemble = Begin();
        var client = ensemble.Client(at);
        ensemble.Run();
        Assert.Equal(0u, ensemble[at].Peer.LastProcessed.Counter);
        Assert.Equal((1, 0), Sessions(ensemble, at));

        Assert.Equal(ErrorCode.Ok, ensemble.Ask(client, Ask.Create("/a")));
        Assert.Equal(ErrorCode.Ok, ensemble.Ask(client, Ask.Sync("/")));
        Assert.Equal(["/a"], ensemble.AssertSame());

        Assert.Equal(ErrorCode.Ok, ensemble.Ask(client, Ask.Close));
        Assert.True(client.IsClosed);
        Assert.Equal(1u, ensemble[at].Peer.LastProcessed.Counter);
        Assert.Equal((0, 0), Sessions(ensemble, at));
    }

    [Theory, InlineData(Leader), InlineData(1)]
    public void A_session_that_makes_an_ephemeral_znode_becomes_the_ensembles(long at)
    {
        using var ensemble = Begin();
        var client = ensemble.Client(at);
        Assert.Equal(ErrorCode.Ok, ensemble.Ask(client, Ask.Create("/mine", mode: CreateMode.EphemeralSequential)));
        Assert.Equal((0, 1), Sessions(ensemble, at));
        Assert.Equal((0, 1), Sessions(ensemble, 2));
        Assert.Equal(["/mine0000000000"], ensemble.AssertSame());

        // Where it is known, it can go on, and it ends with all that is its own.
        client.Drop();
        var moved = ensemble[2].Open();
        moved.SendConnect(sessionId: client.SessionId, password: client.Password);
        ensemble.Run(100);
        Assert.Equal(client.SessionId, moved.SessionId);
        Assert.Equal(ErrorCode.Ok, ensemble.Ask(moved, Ask.Close));
        Assert.Empty(ensemble.AssertSame());
    }

    [Fact]
    public void An_ephemeral_znode_in_the_middle_of_a_multi_counts()
    {
        using var ensemble = Begin();
        var client = ensemble.Client(1);
        var multi = Ask.Multi(Ask.Create("/a"), Ask.SetData("/a", "x"), Ask.Create2("/b", mode: CreateMode.Ephemeral));
        Assert.Equal(ErrorCode.Ok, ensemble.Ask(client, multi));
        Assert.Equal((0, 1), Sessions(ensemble, 1));
    }

    [Fact]
    public void A_session_that_may_not_be_upgraded_is_refused_ephemeral_znodes_in_its_place()
    {
        using var ensemble = Begin(upgrades: false);
        var client = ensemble.Client(1);
        client.Send(Ask.Create("/before"));
        client.Send(Ask.Create("/mine", mode: CreateMode.Ephemeral));
        client.Send(Ask.Create("/after"));
        ensemble.Run();
        Assert.Equal([ErrorCode.Ok, ErrorCode.EphemeralOnLocalSession, ErrorCode.Ok], client.Replies.Select(reply => reply.Error));
        Assert.Equal(["/after", "/before"], ensemble.AssertSame());
        Assert.Equal((1, 0), Sessions(ensemble, 1));
    }

    [Fact]
    public void A_local_session_can_go_on_where_it_was_made_and_nowhere_else()
    {
        using var ensemble = Begin();
        var client = ensemble.Client(1);
        var back = ensemble[1].Open();
        back.SendConnect(sessionId: client.SessionId, password: client.Password);
        Assert.Equal(client.SessionId, back.SessionId);
        Assert.True(client.IsClosed);

        var elsewhere = ensemble[2].Open();
        elsewhere.SendConnect(sessionId: client.SessionId, password: client.Password);
        ensemble.Run(100);
        Assert.Equal(0, elsewhere.SessionId);
        Assert.True(elsewhere.IsClosed);
    }

    [Theory, InlineData(Leader), InlineData(1)]
    public void A_local_session_that_says_nothing_ends_and_no_transaction_tells(long at)
    {
        using var ensemble = Begin();
        var client = ensemble.Client(at);
        var zxid = ensemble[at].Peer.LastProcessed;
        ensemble.Run(12_000);
        Assert.True(client.IsClosed);
        Assert.Equal((0, 0), Sessions(ensemble, at));
        Assert.Equal(zxid, ensemble[at].Peer.LastProcessed);
    }

    [Fact]
    public void An_upgraded_session_ends_when_its_client_says_nothing()
    {
        using var ensemble = Begin();
        var client = ensemble.Client(1);
        Assert.Equal(ErrorCode.Ok, ensemble.Ask(client, Ask.Create("/mine", mode: CreateMode.Ephemeral)));
        client.Drop();
        ensemble.Run(12_000);
        Assert.Empty(ensemble.AssertSame());
    }

    [Fact]
    public void A_leader_without_local_sessions_does_not_know_those_of_others()
    {
        using var ensemble = new SteppedEnsemble(
            SteppedServer.Config(3), options => options with { LocalSessions = options.ServerId != Leader });
        ensemble.Run();
        var client = ensemble.Client(1);
        Assert.Equal(ErrorCode.SessionExpired, ensemble.Ask(client, Ask.Create("/a")));
    }

    private static SteppedEnsemble Begin(bool upgrades = true)
    {
        var ensemble = new SteppedEnsemble(
            SteppedServer.Config(3), options => options with { LocalSessions = true, UpgradesLocalSessions = upgrades });
        ensemble.Run();
        return ensemble;
    }

    private static (int Local, int Global) Sessions(SteppedEnsemble ensemble, long at)
    {
        var about = ensemble[at].Peer.Introspection;
        return (about.LocalSessionCount, about.Sessions.Count);
    }
}
