using Quoll.Interop.Crash;
using Quoll.Interop.Servers;

namespace Quoll.Interop.Ensembles;

/// <summary>Each way in which a server that was away comes back to the leader's history, with either kind on either side.</summary>
public sealed class SynchronisationTests
{
    private const ServerKind Apache = ServerKind.Apache;
    private const ServerKind Quoll = ServerKind.Quoll;
    private const int Clients = 5;
    private const int Writes = 300;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    public static TheoryData<ServerKind, ServerKind> Pairs => new() { { Quoll, Quoll }, { Quoll, Apache }, { Apache, Quoll } };

    [Theory, MemberData(nameof(Pairs))]
    public async Task A_server_that_was_away_gets_what_it_lacks_and_one_that_lost_its_disk_gets_all(ServerKind leads, ServerKind follows)
    {
        await using var ensemble = await EnsembleRun.StartAsync([follows, leads, leads]);
        await ensemble.ExplainAsync(async () =>
        {
            var away = ensemble.Servers[0];
            await ensemble.MakeLeadAsync(ensemble.Servers[2]);
            await WriteAsync(ensemble.Servers[2], "/before");
            away.Kill();
            await WriteAsync(ensemble.Servers[2], "/meanwhile");
            await ensemble.AssertAllTheSameAsync();

            away.Kill();
            Directory.Delete(away.VersionDirectory, recursive: true);
            await WriteAsync(ensemble.Servers[2], "/after");
            await ensemble.AssertAllTheSameAsync();

            // What it was sent is on its own disk: it comes back with it.
            away.Kill();
            await ensemble.AssertAllTheSameAsync();
        });
    }

    [Theory, MemberData(nameof(Pairs))]
    public async Task What_only_a_lost_leader_had_on_disk_is_gone_when_it_comes_back_and_stays_gone(ServerKind leads, ServerKind follows)
    {
        await using var ensemble = await EnsembleRun.StartAsync([leads, leads, follows]);
        await ensemble.ExplainAsync(async () =>
        {
            var lost = ensemble.Servers[2];
            await ensemble.MakeLeadAsync(lost);
            await WriteAsync(lost, "/before");
            using (var session = await RawSession.OpenAsync(lost.EndPoint))
            {
                Suspend(ensemble);
                var unheard = session.CreateAsync("/never-said-yes-to", "");
                await Deadline.UntilAsync(Patience, "the log has it", () => Task.FromResult(LogHas(lost, "/never-said-yes-to"u8)));
                lost.Kill();
                await Assert.ThrowsAsync<IOException>(() => unheard);
            }

            await StartAnewAsync(ensemble);
            await WriteAsync(ensemble.Servers[0], "/after");
            for (var start = 0; start < 2; start++)
            {
                await ensemble.AssertAllTheSameAsync();
                using (var session = await RawSession.OpenAsync(lost.EndPoint))
                    Assert.Null(await session.GetAsync("/never-said-yes-to"));
                lost.Kill();
            }
        });
    }

    [Theory]
    [InlineData(Apache, Quoll)]
    [InlineData(Quoll, Apache)]
    public async Task An_observer_serves_and_its_sessions_move_to_voters_and_back(ServerKind votes, ServerKind observes)
    {
        await using var ensemble = await EnsembleRun.StartAsync([votes, observes, votes], observes);
        await ensemble.ExplainAsync(async () =>
        {
            var observer = ensemble.Servers[3];
            Assert.Contains("Mode: observer", await observer.AskAsync("srvr"), StringComparison.Ordinal);
            await WriteAsync(observer, "/through-the-observer");
            using var session = await RawSession.OpenAsync(observer.EndPoint);
            Assert.Equal(0, (await session.CreateAsync("/mine", "", flags: 1)).Error);
            var current = session;
            foreach (var next in (ServerProcess[])[ensemble.Servers[0], ensemble.Servers[1], ensemble.Servers[2], observer])
            {
                var moved = await MoveAsync(current, next);
                current.Dispose();
                current = moved;
                Assert.Equal(0, (await current.SyncAsync()).Error);
                Assert.NotNull(await current.GetAsync("/mine"));
                Assert.Equal(0, (await current.SetAsync("/mine", next.Address, -1)).Error);
            }

            // The leader dies; the session lives on at the observer once there is another.
            (await ensemble.LeaderAsync()).Kill();
            current.Dispose();
            await ensemble.AgreeAsync();
            using var last = await MoveAsync(current, observer);
            Assert.NotNull(await last.GetAsync("/mine"));
            Assert.Equal(0, (await last.CloseAsync()).Error);
            await ensemble.AssertAllTheSameAsync();
            using var other = await RawSession.OpenAsync(ensemble.Servers[0].Port);
            Assert.Null(await other.GetAsync("/mine"));
        });
    }

    // An Apache leader writes its tree to the learner while the tree changes.
    [Theory, MemberData(nameof(Pairs))]
    public async Task A_server_that_lost_its_disk_gets_all_while_clients_write(ServerKind leads, ServerKind follows)
    {
        await using var ensemble = await EnsembleRun.StartAsync([follows, leads, leads]);
        await ensemble.ExplainAsync(async () =>
        {
            var lost = ensemble.Servers[0];
            await ensemble.MakeLeadAsync(ensemble.Servers[2]);
            for (var i = 0; i < 20; i++)
                await WriteAsync(ensemble.Servers[2], $"/much-{i}");
            await using var load = await RoamingLoad.BeginAsync(ensemble, Clients);
            for (var round = 0; round < 2; round++)
            {
                await load.UntilAcknowledgedAsync(Writes);
                lost.Kill();
                Directory.Delete(lost.VersionDirectory, recursive: true);
                lost.Begin();
                await ensemble.AgreeAsync();
            }

            await load.UntilAcknowledgedAsync(Writes);
            await load.FinishAsync();
        });
    }

    // An Apache learner waits for the answers of its leader in the order in which it asked, whichever clients it asked for.
    [Theory]
    [InlineData(Quoll, Apache)]
    [InlineData(Apache, Quoll)]
    public async Task Syncs_of_one_client_do_not_hold_up_the_changes_of_another(ServerKind leads, ServerKind learns)
    {
        await using var ensemble = await EnsembleRun.StartAsync([learns, leads, leads], learns);
        await ensemble.ExplainAsync(async () =>
        {
            await ensemble.MakeLeadAsync(ensemble.Servers[2]);
            foreach (var server in (ServerProcess[])[ensemble.Servers[0], ensemble.Servers[3]])
            {
                using var one = await RawSession.OpenAsync(server.EndPoint);
                using var other = await RawSession.OpenAsync(server.EndPoint);
                var path = $"/{ensemble.NumberOf(server)}";
                Assert.Equal(0, (await one.CreateAsync(path, "")).Error);
                var asked = Enumerable.Range(0, Writes)
                    .SelectMany(i => (Task<Reply>[])[one.SyncAsync(), other.SetAsync(path, $"{i}", -1)]).ToList();
                Assert.All(await Task.WhenAll(asked).WaitAsync(Patience), reply => Assert.Equal(0, reply.Error));
                using var third = await RawSession.OpenAsync(server.EndPoint);
                Assert.Equal($"{Writes - 1}", (await third.GetAsync(path))!.Data);
            }
        });
    }

    private static async Task WriteAsync(ServerProcess server, string path)
    {
        using var session = await RawSession.OpenAsync(server.EndPoint);
        Assert.Equal(0, (await session.CreateAsync(path, path)).Error);
        var writes = Enumerable.Range(0, 100).Select(i => session.CreateAsync($"{path}/{i}", "x")).ToList();
        Assert.All(await Task.WhenAll(writes), reply => Assert.Equal(0, reply.Error));
    }

    // A server that has not yet seen what the session has seen refuses it, and a client then tries again.
    private static Task<RawSession> MoveAsync(RawSession session, ServerProcess to) =>
        Deadline.PollAsync(Patience, $"the session goes on at {to.Address}", async () =>
        {
            try
            {
                return await RawSession.ResumeAsync(to.EndPoint, session);
            }
            catch (EndOfStreamException)
            {
                return null;
            }
        });

    private static void Suspend(EnsembleRun ensemble)
    {
        ensemble.Servers[0].Suspend();
        ensemble.Servers[1].Suspend();
    }

    // What they were sent while they were stopped, they have not read: it is gone with them.
    private static Task StartAnewAsync(EnsembleRun ensemble)
    {
        foreach (var server in ensemble.Servers.Take(2))
        {
            server.Kill();
            server.Begin();
        }

        return ensemble.AgreeAsync();
    }

    private static bool LogHas(ServerProcess server, ReadOnlySpan<byte> path)
    {
        foreach (var log in Directory.GetFiles(server.VersionDirectory, "log.*"))
        {
            if (File.ReadAllBytes(log).AsSpan().IndexOf(path) >= 0)
                return true;
        }

        return false;
    }
}
