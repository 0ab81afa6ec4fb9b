using Quoll.Protocol;

namespace Quoll.Tests.Core.Zab;

/// <summary>Three servers that vote and one that observes a follower; the largest number leads.</summary>
public sealed class ObserversOfFollowersTests
{
    private const long Leader = 3;
    private const long Observer = 4;

    [Fact]
    public void An_observer_goes_to_a_follower_and_has_every_change()
    {
        using var ensemble = Four();
        Assert.Contains(MasterOf(ensemble), (long[])[1, 2]);
        Assert.Empty(ensemble[Leader].Peer.Introspection.Leader!.Observers);

        var client = ensemble.Client(1);
        foreach (var path in (string[])["/a", "/b", "/c"])
            Assert.Equal(ErrorCode.Ok, ensemble.Ask(client, Ask.Create(path)));
        ensemble.Run();

        Assert.Equal(["/a", "/b", "/c", "/n1-1", "/n1-2"], ensemble.AssertSame());
    }

    [Fact]
    public void Its_clients_write_sync_and_read_what_they_wrote()
    {
        using var ensemble = Four();
        var client = ensemble.Client(Observer);

        Assert.Equal(ErrorCode.Ok, ensemble.Ask(client, Ask.Create("/a")));
        Assert.Equal(ErrorCode.NodeExists, ensemble.Ask(client, Ask.Create("/a")));
        Assert.Equal(ErrorCode.Ok, ensemble.Ask(client, Ask.Sync("/")));
        Assert.Equal(ErrorCode.Ok, ensemble.Ask(client, Ask.Exists("/a")));
    }

    [Fact]
    public void Heartbeats_reach_the_leader_and_a_session_without_them_ends()
    {
        using var ensemble = Four();
        var (beats, silent) = (ensemble.Client(Observer), ensemble.Client(Observer));
        Assert.Equal(ErrorCode.Ok, ensemble.Ask(beats, Ask.Create("/beats", mode: CreateMode.Ephemeral)));
        Assert.Equal(ErrorCode.Ok, ensemble.Ask(silent, Ask.Create("/silent", mode: CreateMode.Ephemeral)));

        for (var second = 0; second < 30; second++)
        {
            beats.Send(Ask.Ping);
            ensemble.Run(1000);
        }

        Assert.True(silent.IsClosed);
        Assert.Equal(["/beats", "/n1-1", "/n1-2"], ensemble.AssertSame());
    }

    [Fact]
    public void A_session_moves_from_a_voter_to_the_observer_and_back()
    {
        using var ensemble = Four();
        var client = ensemble.Client(1);
        Assert.Equal(ErrorCode.Ok, ensemble.Ask(client, Ask.Create("/mine", mode: CreateMode.Ephemeral)));
        foreach (var server in (long[])[Observer, 2, Observer, Leader, Observer, 1])
        {
            var before = client;
            client = ensemble[server].Open();
            client.SendConnect(10_000, before.SessionId, before.Password);
            ensemble.Run(300);
            Assert.Equal(before.SessionId, client.SessionId);
            Assert.Equal(ErrorCode.Ok, ensemble.Ask(client, Ask.SetData("/mine", $"{server}")));
        }
    }

    [Fact]
    public void A_session_that_is_not_known_is_refused_over_the_observer()
    {
        using var ensemble = Four();
        var client = ensemble.Client(Observer);
        Assert.Equal(ErrorCode.Ok, ensemble.Ask(client, Ask.Close));
        var again = ensemble[Observer].Open();
        again.SendConnect(10_000, client.SessionId, client.Password);

        ensemble.Run(1000);

        Assert.True(again.IsClosed);
        Assert.Equal(0, again.SessionId);
    }

    [Fact]
    public void An_observer_whose_follower_is_lost_goes_to_another()
    {
        using var ensemble = Four();
        var first = MasterOf(ensemble);
        ensemble.Crash(first);
        ensemble.Run(20_000);

        Assert.Equal(3 - first, MasterOf(ensemble));
        Assert.Equal(ErrorCode.Ok, ensemble.Ask(ensemble.Client(Observer), Ask.Create("/a")));
        ensemble.Start(first);
        ensemble.Crash(3 - first);
        ensemble.Run(40_000);
        Assert.Equal(first, MasterOf(ensemble));
        Assert.Equal(["/a", "/n1-1", "/n1-2"], ensemble.AssertSame());
    }

    [Fact]
    public void An_observer_follows_its_followers_to_another_leader()
    {
        using var ensemble = Four();
        ensemble.Crash(Leader);
        ensemble.Run(40_000);

        Assert.Equal(1, MasterOf(ensemble));
        Assert.Equal(ErrorCode.Ok, ensemble.Ask(ensemble.Client(Observer), Ask.Create("/a")));
        ensemble.Run();
        ensemble.AssertSame();
    }

    [Fact]
    public void Where_nobody_else_votes_an_observer_goes_to_the_leader()
    {
        using var ensemble = new SteppedEnsemble(
            SteppedServer.Config(1, observers: 1), options => options with { FollowersServeObservers = true },
            new DataDirectory(), new DataDirectory());
        ensemble.Run();

        Assert.Equal(1, ensemble[2].Peer.Introspection.Follows);
        Assert.Equal(ErrorCode.Ok, ensemble.Ask(ensemble.Client(2), Ask.Create("/a")));
    }

    private static long MasterOf(SteppedEnsemble ensemble) => ensemble[Observer].Peer.Introspection.Follows ?? 0;

    private static SteppedEnsemble Four()
    {
        var ensemble = new SteppedEnsemble(
            SteppedServer.Config(3, observers: 1), options => options with { FollowersServeObservers = true },
            [.. Enumerable.Range(1, 4).Select(_ => new DataDirectory().Log(1, 1, 2).Epochs(1, 1))]);
        ensemble.Run();
        return ensemble;
    }
}
