using Quoll.Interop.Crash;
using Quoll.Interop.Servers;

namespace Quoll.Interop.Ensembles;

/// <summary>Networks that fall apart, in one direction or both, while clients reach all servers.</summary>
[Trait("server", "Quoll")]
public sealed class PartitionTests
{
    private const int Clients = 5;
    private const int Writes = 300;

    [Fact]
    public Task A_leader_that_is_cut_off_stops_serving_and_another_leads() => UnderLoadAsync(3, async (lan, ensemble, load) =>
    {
        var old = await ensemble.LeaderAsync();
        using var session = await RawSession.OpenAsync(old.EndPoint);
        lan.Split(ensemble.NumberOf(old));
        var unheard = session.CreateAsync("/unheard", "");
        await ensemble.UntilNotServingAsync(old);
        await Assert.ThrowsAsync<IOException>(() => unheard);
        await ensemble.AgreeAsync([.. ensemble.Servers.Where(server => server != old)]);
        await load.UntilAcknowledgedAsync(Writes);
        lan.Heal(ensemble.NumberOf(old));
    });

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public Task Of_two_and_three_only_three_go_on(bool leaderIsOfTwo) => UnderLoadAsync(5, async (lan, ensemble, load) =>
    {
        var leader = await ensemble.LeaderAsync();
        var followers = ensemble.Servers.Where(server => server != leader);
        List<ServerProcess> two = leaderIsOfTwo ? [leader, followers.First()] : [.. followers.Take(2)];
        int[] numbers = [.. two.Select(ensemble.NumberOf)];
        lan.Split(numbers);
        foreach (var server in two)
            await ensemble.UntilNotServingAsync(server);
        await ensemble.AgreeAsync([.. ensemble.Servers.Except(two)]);
        await load.UntilAcknowledgedAsync(Writes);
        lan.Heal(numbers);
    });

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public Task A_follower_that_only_hears_or_is_only_heard_costs_no_write(bool hears) => UnderLoadAsync(3, async (lan, ensemble, load) =>
    {
        var leader = await ensemble.LeaderAsync();
        var follower = ensemble.Servers.First(server => server != leader);
        var (from, to) = (ensemble.NumberOf(hears ? follower : leader), ensemble.NumberOf(hears ? leader : follower));
        lan.CutWay(from, to);
        await ensemble.UntilNotServingAsync(follower);
        await load.UntilAcknowledgedAsync(Writes);
        lan.HealWay(from, to);
    });

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public Task A_leader_that_only_hears_or_is_heard_makes_room_for_another(bool hears) => UnderLoadAsync(3, async (lan, ensemble, load) =>
    {
        var leader = await ensemble.LeaderAsync();
        var others = ensemble.Servers.Where(server => server != leader).ToList();
        Each(lan.CutWay);
        await ensemble.UntilNotServingAsync(leader);
        await ensemble.AgreeAsync(others);
        await load.UntilAcknowledgedAsync(Writes);
        Each(lan.HealWay);

        void Each(Action<int, int> act)
        {
            foreach (var other in others)
                act(ensemble.NumberOf(hears ? leader : other), ensemble.NumberOf(hears ? other : leader));
        }
    });

    [Fact]
    public Task The_leaders_cable_is_pulled_and_put_back() => UnderLoadAsync(3, async (lan, ensemble, load) =>
    {
        var old = await ensemble.LeaderAsync();
        lan.Unplug(ensemble.NumberOf(old));
        await ensemble.AgreeAsync([.. ensemble.Servers.Where(server => server != old)]);
        await load.UntilAcknowledgedAsync(Writes);
        lan.Plug(ensemble.NumberOf(old));
    });

    /// <summary>Clients change things all the time; when the network is whole again, all agree, and go on.</summary>
    private static async Task UnderLoadAsync(int servers, Func<Lan, EnsembleRun, RoamingLoad, Task> fault)
    {
        using var lan = Lan.Create(servers);
        await using var ensemble = await EnsembleRun.StartAsync(EnsemblePlan.Quick(servers) with { Lan = lan });
        await ensemble.ExplainAsync(async () =>
        {
            await using var load = await RoamingLoad.BeginAsync(ensemble, Clients);
            await load.UntilAcknowledgedAsync(Writes);
            await fault(lan, ensemble, load);
            await ensemble.AgreeAsync();
            await load.UntilAcknowledgedAsync(Writes);
            await load.FinishAsync();
        });
    }
}
