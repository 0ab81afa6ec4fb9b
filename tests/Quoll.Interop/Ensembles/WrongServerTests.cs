using Quoll.Interop.Servers;

namespace Quoll.Interop.Ensembles;

/// <summary>Servers that are set up wrongly: with a number that is another's, or with the disk of another ensemble.</summary>
[Trait("server", "Quoll")]
public sealed class WrongServerTests
{
    private const int Clients = 3;
    private const int Writes = 200;

    [Fact]
    public async Task Of_two_servers_with_one_number_each_is_told_of_the_other_and_nothing_is_lost()
    {
        await using var ensemble = await EnsembleRun.StartAsync(EnsemblePlan.Quick(3, "snapCount=20000"));
        await ensemble.ExplainAsync(async () =>
        {
            // It is the larger number that connects: one that is called back at the real one's address would come to nobody.
            await ensemble.MakeLeadAsync(ensemble.Servers[1]);
            await using var load = await RoamingLoad.BeginAsync(ensemble, Clients);
            await load.UntilAcknowledgedAsync(Writes);
            var leader = ensemble.Servers[1];
            await using (var other = ensemble.CreateDouble(3))
            {
                other.Begin();
                await leader.UntilSaidAsync("server 3 was disconnected: it has connected anew, or another server has its number");
                await leader.UntilSaidAsync("If this goes on, two servers have one number");
                await load.UntilAcknowledgedAsync(Writes);
            }

            await ensemble.AgreeAsync();
            await load.UntilAcknowledgedAsync(Writes);
            await load.FinishAsync();
        });
    }

    [Fact]
    public async Task A_server_with_anothers_number_on_the_same_machine_does_not_start()
    {
        await using var ensemble = await EnsembleRun.StartAsync(EnsemblePlan.Quick(3, "snapCount=20000"));
        await ensemble.ExplainAsync(async () =>
        {
            var wrong = ensemble.Servers[0];
            wrong.Kill();
            var myid = Path.Combine(wrong.DataDirectory, "myid");
            await File.WriteAllTextAsync(myid, "2", TestContext.Current.CancellationToken);
            wrong.Begin();
            Assert.NotEqual(0, await wrong.EndAsync());
            Assert.Contains($"{ensemble.QuorumPort(ensemble.Servers[1]).Port}", wrong.Output, StringComparison.Ordinal);
            Assert.Contains("in use", wrong.Output, StringComparison.Ordinal);
            await File.WriteAllTextAsync(myid, "1", TestContext.Current.CancellationToken);
            await ensemble.AssertAllTheSameAsync();
        });
    }

    [Fact]
    public async Task A_server_with_the_disk_of_an_ensemble_that_is_ahead_is_kept_out_and_says_why()
    {
        await using var ensemble = await EnsembleRun.StartAsync(EnsemblePlan.Quick(3, "snapCount=20000"));
        await ensemble.ExplainAsync(async () =>
        {
            await using var load = await RoamingLoad.BeginAsync(ensemble, Clients);
            await load.UntilAcknowledgedAsync(Writes);
            var leader = await ensemble.LeaderAsync();
            var wrong = ensemble.Servers.First(server => server != leader);
            wrong.Kill();
            await PutForeignHistoryAsync(wrong);
            wrong.Begin();
            await wrong.UntilSaidAsync("is older than 7, which was promised to another");
            await load.UntilAcknowledgedAsync(Writes);
            Assert.Equal(leader, await ensemble.LeaderAsync());

            // Without that disk it is as new.
            wrong.Kill();
            Directory.Delete(wrong.VersionDirectory, recursive: true);
            wrong.Begin();
            await ensemble.AgreeAsync();
            await load.FinishAsync();
        });
    }

    [Theory]
    [InlineData(ServerKind.Quoll)]
    [InlineData(ServerKind.Apache)]
    public async Task Servers_whose_lists_differ_are_told_of_on_both_sides_and_nothing_is_lost(ServerKind kind)
    {
        await using var ensemble = await EnsembleRun.StartAsync(new EnsemblePlan(kind, ServerKind.Quoll, ServerKind.Quoll));
        await ensemble.ExplainAsync(async () =>
        {
            await ensemble.MakeLeadAsync(ensemble.Servers[1]);
            await using var load = await RoamingLoad.BeginAsync(ensemble, Clients);
            await load.UntilAcknowledgedAsync(Writes);
            var wrong = ensemble.Servers[2];
            wrong.Kill();
            await File.AppendAllLinesAsync(
                wrong.ConfigFile, ["server.4=127.0.0.1:1:2:participant"], TestContext.Current.CancellationToken);
            wrong.Begin();
            await ensemble.Servers[1].UntilSaidAsync("of server 3 is another than this server's; only there: server.4 votes");
            await wrong.UntilSaidAsync("of server 1 is another than this server's; only here: server.4 votes");
            await load.UntilAcknowledgedAsync(Writes);

            // Two of its four are no quorum: it waits, until its list is that of the others.
            wrong.Kill();
            var lines = await File.ReadAllLinesAsync(wrong.ConfigFile, TestContext.Current.CancellationToken);
            await File.WriteAllLinesAsync(wrong.ConfigFile, lines[..^1], TestContext.Current.CancellationToken);
            wrong.Begin();
            await ensemble.AgreeAsync();
            await load.FinishAsync();
        });
    }

    [Fact]
    public async Task A_server_that_lost_its_disk_is_not_counted_on_where_that_can_be_told()
    {
        await using var ensemble = await EnsembleRun.StartAsync(EnsemblePlan.Quick(3, "snapCount=20000"));
        await ensemble.ExplainAsync(async () =>
        {
            await using var load = await RoamingLoad.BeginAsync(ensemble, Clients);
            await load.UntilAcknowledgedAsync(Writes);
            var leader = await ensemble.LeaderAsync();
            var wiped = ensemble.Servers.First(server => server != leader);
            var behind = ensemble.Servers.First(server => server != leader && server != wiped);
            behind.Kill();
            await load.UntilAcknowledgedAsync(Writes);
            leader.Kill();
            wiped.Kill();
            Directory.Delete(wiped.VersionDirectory, recursive: true);
            await File.AppendAllLinesAsync(wiped.ConfigFile, ["db.autocreate=false"], TestContext.Current.CancellationToken);

            // What was acknowledged is on no disk but the leader's: the two others are a quorum, and must not go on without it.
            wiped.Begin();
            await wiped.UntilSaidAsync("its disk was lost");
            behind.Begin();
            await behind.UntilSaidAsync($"server {ensemble.NumberOf(leader)} can't be reached yet");
            leader.Begin();
            await ensemble.AgreeAsync();
            await load.UntilAcknowledgedAsync(Writes);
            await load.FinishAsync();
            await ensemble.AssertAllTheSameAsync();
        });
    }

    // What a server leaves behind that was alone at first, and later in an ensemble's seventh epoch.
    private static async Task PutForeignHistoryAsync(ServerProcess server)
    {
        Directory.Delete(server.VersionDirectory, recursive: true);
        await using var foreign = await ServerProcess.StartAsync(ServerKind.Quoll);
        using (var session = await Crash.RawSession.OpenAsync(foreign.EndPoint))
            Assert.Equal(0, (await session.CreateAsync("/foreign", "")).Error);
        await foreign.StopAsync();
        Directory.CreateDirectory(server.VersionDirectory);
        foreach (var file in Directory.GetFiles(foreign.VersionDirectory))
            File.Copy(file, Path.Combine(server.VersionDirectory, Path.GetFileName(file)));
        foreach (var epoch in (string[])["acceptedEpoch", "currentEpoch"])
            await File.WriteAllTextAsync(Path.Combine(server.VersionDirectory, epoch), "7", TestContext.Current.CancellationToken);
    }
}
