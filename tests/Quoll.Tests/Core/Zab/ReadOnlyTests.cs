using Quoll.Core.Election;
using Quoll.Protocol;

namespace Quoll.Tests.Core.Zab;

/// <summary>What a server does for clients that content themselves with reads, while it has no leader (readonlymode.enabled).</summary>
public sealed class ReadOnlyTests
{
    [Fact]
    public void A_server_that_has_lost_the_others_serves_reads_of_what_it_has()
    {
        using var ensemble = Begin(out _);
        var client = ReadOnlyClient(ensemble);
        Assert.True(client.IsReadOnly);
        Assert.True(ensemble[1].Peer.Introspection.IsReadOnly);
        Assert.Equal("kept", client.DataOf("/a"));
        Assert.Equal(ErrorCode.NoNode, client.ErrorOf(Ask.GetData("/none")));
        Assert.Equal(ErrorCode.Ok, client.ErrorOf(Ask.Ping));
    }

    [Fact]
    public void Every_change_is_refused_and_changes_nothing()
    {
        using var ensemble = Begin(out _);
        var client = ReadOnlyClient(ensemble);
        Ask[] changes =
        [
            Ask.Create("/b"), Ask.Create2("/b", mode: CreateMode.Ephemeral), Ask.Delete("/a"), Ask.SetData("/a", "x"), Ask.SetAcl("/a"),
            Ask.Multi(Ask.Check("/a", 0)), Ask.CreateContainer("/c"), Ask.Sync("/"),
        ];
        Assert.All(changes, change => Assert.Equal(ErrorCode.NotReadOnly, client.ErrorOf(change)));
        Assert.Equal("kept", client.DataOf("/a"));

        // Its session is this server's own, and so is its end.
        Assert.Equal(ErrorCode.Ok, client.ErrorOf(Ask.Close));
        Assert.True(client.IsClosed);
    }

    [Fact]
    public void Who_wants_to_write_and_who_has_a_session_of_the_ensemble_has_to_go_elsewhere()
    {
        using var ensemble = Begin(out var before);
        var writer = ensemble[1].Open();
        writer.SendConnect();
        Assert.True(writer.IsClosed);
        var old = ensemble[1].Open();
        old.SendConnect(readOnlyFlag: false);
        Assert.True(old.IsClosed);

        // It lives, for all that is known here: it is neither taken nor told that it is over.
        var back = ensemble[1].Open();
        back.SendConnectReadOnly(before.SessionId, before.Password);
        Assert.Equal((true, 0), (back.IsClosed, back.Heard.Count));
        Assert.Equal(0, back.Timeout);
        var unknown = ensemble[1].Open();
        unknown.SendConnectReadOnly(12345, new byte[16]);
        Assert.Equal((true, 0L), (unknown.IsClosed, unknown.SessionId));
    }

    [Fact]
    public void Clients_have_to_come_anew_once_there_is_a_leader()
    {
        using var ensemble = Begin(out _);
        var client = ReadOnlyClient(ensemble);
        ensemble.Start(3);
        ensemble.Run();
        Assert.True(client.IsClosed);
        Assert.False(ensemble[1].Peer.Introspection.IsReadOnly);
        var writer = ensemble.Client(1);
        Assert.False(writer.IsReadOnly);
        Assert.Equal(ErrorCode.Ok, ensemble.Ask(writer, Ask.Create("/b")));
        Assert.Equal(["/a", "/b"], ensemble.AssertSame());
    }

    [Fact]
    public void A_session_that_says_nothing_ends_and_a_watch_is_kept_while_it_lasts()
    {
        using var ensemble = Begin(out _);
        var client = ReadOnlyClient(ensemble);
        Assert.Equal(ErrorCode.Ok, client.ErrorOf(Ask.GetData("/a", watch: true)));
        Assert.Equal(1, ensemble[1].Peer.Introspection.WatchCount);
        ensemble[1].Pass(12_000);
        Assert.True(client.IsClosed);
        Assert.Equal(0, ensemble[1].Peer.Introspection.LocalSessionCount);
    }

    [Fact]
    public void Without_the_setting_a_server_without_a_leader_serves_nobody()
    {
        using var ensemble = Begin(out _, enabled: false);
        var client = ensemble[1].Open();
        client.SendConnectReadOnly();
        Assert.True(client.IsClosed);
    }

    // One of three is left, and has waited for longer than an election takes.
    private static SteppedEnsemble Begin(out TestClient before, bool enabled = true)
    {
        var ensemble = new SteppedEnsemble(SteppedServer.Config(3), options => options with { ServesReadOnly = enabled });
        ensemble.Run();
        before = ensemble.Client(1);
        Assert.Equal(ErrorCode.Ok, ensemble.Ask(before, Ask.Create("/a", "kept")));
        ensemble.Crash(2, 3);
        ensemble.Run(10_000);
        Assert.Equal(ServerState.Looking, ensemble[1].Peer.State);
        return ensemble;
    }

    private static TestClient ReadOnlyClient(SteppedEnsemble ensemble)
    {
        var client = ensemble[1].Open();
        client.SendConnectReadOnly();
        Assert.NotEqual(0, client.SessionId);
        return client;
    }
}
