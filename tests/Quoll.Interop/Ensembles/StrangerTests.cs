using System.Net;
using System.Net.Sockets;
using System.Text;
using Quoll.Interop.Crash;
using Quoll.Interop.Faults;
using Quoll.Interop.Servers;

namespace Quoll.Interop.Ensembles;

/// <summary>
/// Whoever reaches the ports that are for servers may say anything there. The ensemble goes on, nothing is lost, and a server that can tell
/// what is wrong says so.
/// </summary>
[Trait("server", "Quoll")]
public sealed class StrangerTests
{
    private const int Clients = 3;
    private const int Writes = 50;
    private const int Many = 600;
    private const string NotRead = "is not what comes now";

    private static readonly byte[] Question = Encoding.ASCII.GetBytes("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n");
    private static readonly byte[] HugeLength = [0x7f, 0xff, 0xff, 0xff];

    [Fact]
    public Task Noise_on_a_leaders_port_is_answered_with_a_line_in_the_log() => UnderLoadAsync([], async (ensemble, load) =>
    {
        var leader = await ensemble.LeaderAsync();
        (byte[] Said, string Why)[] all =
        [
            (Noise(), "a packet"),
            (Question, "a packet"),
            (PeerWords.Packet(99, 0, []), NotRead),
            (PeerWords.Packet(PeerWords.Ack, 1L << 32, []), NotRead),
            (PeerWords.Packet(PeerWords.FollowerInfo, 0, [1, 2, 3]), "what it says of itself can't be read"),
            (new JuteBuilder().Int(PeerWords.FollowerInfo).Long(0).Raw(HugeLength).ToPayload(), "a packet with 2147483647 bytes"),
            (new JuteBuilder().Int(PeerWords.FollowerInfo).Long(0).Int(-2).ToPayload(), "a packet with -2 bytes"),
            (PeerWords.Introduction(1, 0)[..20], "it was not heard in time"),
            ([], "it was not heard in time"),
        ];
        foreach (var (said, why) in all)
        {
            using var stranger = await WireClient.DialAsync(ensemble.QuorumPort(leader).Port);
            await stranger.SendInVainAsync(said);
            await stranger.ReadToEndAsync();
            await UntilSaidOfAsync(leader, stranger, why);
            await load.UntilAcknowledgedAsync(Writes);
        }
    });

    [Fact]
    public Task Noise_on_an_election_port_is_answered_with_a_line_too() => UnderLoadAsync(["cnxTimeout=1000"], async (ensemble, load) =>
    {
        (byte[] Said, string Why)[] all =
        [
            (Noise(), "not what a ZooKeeper server says"),
            (new JuteBuilder().Long(-65536).Long(9).Raw(HugeLength).ToPayload(), "not what a ZooKeeper server says"),
            (Question, "says a message of"),
            ([.. PeerWords.Greeting(9), .. HugeLength], "server 9 says a message of 2147483647 bytes"),
            (PeerWords.Greeting(9)[..12], "it has not said in time who it is"),
            ([], "it has not said in time who it is"),
        ];
        foreach (var server in ensemble.Servers.Take(2))
        {
            foreach (var (said, why) in all)
            {
                using var stranger = await WireClient.DialAsync(ensemble.ElectionPort(server).Port);
                await stranger.SendInVainAsync(said);
                await stranger.ReadToEndAsync();
                await UntilSaidOfAsync(server, stranger, why);
            }

            await load.UntilAcknowledgedAsync(Writes);
        }
    });

    [Fact]
    public Task More_connections_than_any_ensemble_has_are_refused() => UnderLoadAsync(["cnxTimeout=3000"], async (ensemble, load) =>
    {
        var leader = await ensemble.LeaderAsync();
        foreach (var port in (IPEndPoint[])[ensemble.QuorumPort(leader), ensemble.ElectionPort(leader)])
        {
            var strangers = await Task.WhenAll(Enumerable.Range(0, Many).Select(_ => TryDialAsync(port.Port)));
            await load.UntilAcknowledgedAsync(Writes);
            foreach (var stranger in strangers)
                stranger?.Dispose();
        }

        await leader.UntilSaidAsync("there are 512 connections already");
        await leader.UntilSaidAsync("512 others have not said who they are");

        var servers = new List<WireClient>();
        for (var number = 100; number < 170; number++)
        {
            servers.Add(await WireClient.DialAsync(ensemble.ElectionPort(leader).Port));
            await servers[^1].SendInVainAsync(PeerWords.Greeting(number));
        }

        await leader.UntilSaidAsync("64 others are no members either");
        await load.UntilAcknowledgedAsync(Writes);
        servers.ForEach(server => server.Dispose());
    });

    [Fact]
    public Task Who_says_that_it_is_somebody_else_is_named_and_changes_nothing() => UnderLoadAsync([], async (ensemble, load) =>
    {
        var leader = await ensemble.LeaderAsync();
        var own = ensemble.NumberOf(leader);
        var connected = own == 1 ? 2 : 1;
        using var first = await DialAsync(ensemble, leader, PeerWords.Introduction(own, 1));
        await first.ReadToEndAsync();
        await UntilSaidOfAsync(leader, first, $"it says it is server {own}, which is this one: two servers have one number");

        using var second = await DialAsync(ensemble, leader, PeerWords.Introduction(connected, 1));
        await leader.UntilSaidAsync($"server {connected} was disconnected: it has connected anew, or another server has its number");
        await ensemble.AgreeAsync();

        using var third = await DialAsync(ensemble, leader, PeerWords.Introduction(77, 1));
        await leader.UntilSaidAsync("server 77 (");
        var epoch = await PeerWords.ReadEpochAsync(third);
        await third.SendAsync(PeerWords.Promise((epoch + 5) << 32, (int)epoch + 5));
        await third.ReadToEndAsync();
        await leader.UntilSaidAsync($"server 77 was disconnected: its history (epoch {epoch + 5}, 0x{epoch + 5:x}00000000) is ahead");

        using var fourth = await DialAsync(ensemble, leader, PeerWords.Introduction(connected, int.MaxValue));
        await fourth.ReadToEndAsync();
        await UntilSaidOfAsync(leader, fourth, $"server {connected} says that it has promised epoch {int.MaxValue}");

        // On the election port: the server itself, and one that is connected already.
        using var fifth = await WireClient.DialAsync(ensemble.ElectionPort(leader).Port);
        await fifth.SendAsync(PeerWords.Greeting(own));
        await fifth.ReadToEndAsync();
        await UntilSaidOfAsync(leader, fifth, $"it says it is server {own}, which is this one");
        using var sixth = await WireClient.DialAsync(ensemble.ElectionPort(ensemble.Servers[0]).Port);
        await sixth.SendAsync(PeerWords.Greeting(3));
        await ensemble.Servers[0].UntilSaidAsync("server 3 has connected for elections again, from");
        await ensemble.AgreeAsync();
        await load.UntilAcknowledgedAsync(Writes);
    });

    [Fact]
    public async Task A_handshake_that_is_said_again_gives_nobody_a_vote_for_long()
    {
        await using var relays = new RelaySet();
        await using var ensemble = await EnsembleRun.StartAsync(EnsemblePlan.Quick(3) with { Relays = relays });
        await ensemble.ExplainAsync(async () =>
        {
            await using var load = await RoamingLoad.BeginAsync(ensemble, Clients);
            await load.UntilAcknowledgedAsync(Writes);
            var leader = await ensemble.LeaderAsync();
            for (var time = 0; time < 3; time++)
            {
                using var stranger = await DialAsync(ensemble, leader, relays.Heard(ensemble.QuorumPort(leader)));
                await leader.UntilSaidAsync("it has connected anew, or another server has its number");
                await load.UntilAcknowledgedAsync(Writes);
                await ensemble.AgreeAsync();
            }

            await load.FinishAsync();
        });
    }

    private static async Task UnderLoadAsync(string[] settings, Func<EnsembleRun, RoamingLoad, Task> test)
    {
        await using var ensemble = await EnsembleRun.StartAsync(EnsemblePlan.Quick(3, ["initLimit=10", "snapCount=20000", .. settings]));
        await ensemble.ExplainAsync(async () =>
        {
            await using var load = await RoamingLoad.BeginAsync(ensemble, Clients);
            await load.UntilAcknowledgedAsync(Writes);
            await test(ensemble, load);
            await load.FinishAsync();
            Assert.All(ensemble.Servers, server => Assert.True(server.Runs));
        });
    }

    private static async Task<WireClient> DialAsync(EnsembleRun ensemble, ServerProcess server, byte[] said)
    {
        var client = await WireClient.DialAsync(ensemble.QuorumPort(server).Port);
        await client.SendAsync(said);
        return client;
    }

    // Who is refused may see that before the connection is there.
    private static async Task<WireClient?> TryDialAsync(int port)
    {
        try
        {
            return await WireClient.DialAsync(port);
        }
        catch (SocketException)
        {
            return null;
        }
    }

    private static Task UntilSaidOfAsync(ServerProcess server, WireClient stranger, string why)
    {
        var port = $":{((IPEndPoint)stranger.Socket.LocalEndPoint!).Port}";
        return server.UntilAsync(
            $"it says of {port}: {why}",
            () => server.Output.Split('\n').Any(line => line.Contains(port, StringComparison.Ordinal)
                && line.Contains(why, StringComparison.Ordinal)));
    }

    // Neither a length nor a number, wherever one is looked for.
    private static byte[] Noise()
    {
        var bytes = new byte[4096];
        new Random(20260711).NextBytes(bytes);
        bytes[0] = 0x90;
        bytes[12] = 0x90;
        return bytes;
    }
}
