using System.Net;
using System.Net.Sockets;

namespace Quoll.Interop.Ensembles;

/// <summary>Servers that elect their leader by datagrams (<c>electionAlg=0</c>).</summary>
[Trait("server", "Quoll")]
public sealed class BasicElectionTests
{
    private const int Clients = 5;
    private const int Writes = 300;

    [Fact]
    public async Task A_leader_is_killed_under_load_and_another_takes_over_while_a_stranger_sends_nonsense()
    {
        await using var ensemble = await EnsembleRun.StartAsync(EnsemblePlan.Quick(3, "electionAlg=0"));
        await ensemble.ExplainAsync(async () =>
        {
            await using var load = await RoamingLoad.BeginAsync(ensemble, Clients);
            await load.UntilAcknowledgedAsync(Writes);
            var leader = await ensemble.LeaderAsync();
            Assert.Contains("electionAlg=0\n", await leader.AskAsync("conf"), StringComparison.Ordinal);
            foreach (var server in ensemble.Servers)
            {
                await SendNonsenseAsync(ensemble.QuorumPort(server));
                await server.UntilSaidAsync("dropped a datagram from");
                using var tcp = new TcpClient();
                await Assert.ThrowsAsync<SocketException>(() =>
                    tcp.ConnectAsync(ensemble.ElectionPort(server), TestContext.Current.CancellationToken).AsTask());
            }

            leader.Kill();
            await load.UntilAcknowledgedAsync(Writes);
            Assert.NotEqual(leader, await ensemble.LeaderAsync());
            leader.Begin();
            await ensemble.AgreeAsync();
            await load.UntilAcknowledgedAsync(Writes);
            await load.FinishAsync();
        });
    }

    // Questions are among it, and are answered; what comes to nothing does not disturb.
    private static async Task SendNonsenseAsync(IPEndPoint to)
    {
        using var stranger = new UdpClient(to.AddressFamily);
        var random = new Random(1);
        foreach (var length in (int[])[0, 1, 3, 5, 28, 35, 36, 36, 37, 1_000, 60_000])
        {
            var bytes = new byte[length];
            random.NextBytes(bytes);
            await stranger.SendAsync(bytes, to, TestContext.Current.CancellationToken);
        }

        await stranger.SendAsync(new byte[] { 1, 2, 3, 4 }, to, TestContext.Current.CancellationToken);
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        var answer = await stranger.ReceiveAsync(patience.Token);
        Assert.Equal(36, answer.Buffer.Length);
        Assert.Equal([1, 2, 3, 4], answer.Buffer[..4]);
    }
}
