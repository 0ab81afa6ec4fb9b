using Quoll.Cli.Shell;

namespace Quoll.Tests.Cli;

public sealed class TopViewTests
{
    [Fact]
    public void Servers_and_their_busiest_clients_stand_below_each_other()
    {
        var before = new TopSample(
            TimeSpan.FromSeconds(10), [Server("a:1", "leader", 100, 0x100000005), Server("b:1", "follower", 0, 0x100000003)],
            [Client("a:1", "10.0.0.1:5", "0x1", 100), Client("a:1", "10.0.0.2:6", "0x2", 7)]);
        var now = new TopSample(
            TimeSpan.FromSeconds(12),
            [
                Server("a:1", "leader", 300, 0x100000009), Server("b:1", "follower", 50, 0x100000007),
                new("c:1", false, "no answer", "", NoFields),
            ],
            [Client("a:1", "10.0.0.1:5", "0x1", 100), Client("a:1", "10.0.0.2:6", "0x2", 207), Client("b:1", "10.0.0.3:7", "", 1)]);
        Assert.Equal(
            """
            2 of 3 serve, a:1 leads

            SERVER  ROLE       CLIENTS  REQUESTS/S  OUTSTANDING  LATENCY min/avg/max  ZNODES         ZXID  BEHIND  VERSION
            a:1     leader           3         100            0                0/1/2       9  0x100000009       0  3.9.5
            b:1     follower         3          25            0                0/1/2       9  0x100000007       2  3.9.5
            c:1     no answer

            CLIENT      SERVER  SESSION  REQUESTS/S  QUEUED  LATENCY avg/max  CONNECTED  LAST
            10.0.0.2:6  a:1     0x2             100       4              1/2    0:00:00  GETD
            10.0.0.1:5  a:1     0x1               0       4              1/2    0:00:00  GETD
            """,
            string.Join('\n', TopView.Draw(before, now, 40, isColoured: false)));

        // The servers come first where there is no room for all.
        var few = TopView.Draw(before, now, 9, isColoured: false).ToList();
        Assert.Equal(9, few.Count);
        Assert.StartsWith("10.0.0.2:6", few[^1], StringComparison.Ordinal);
        Assert.Equal(6, TopView.Draw(before, now, 8, isColoured: false).Count());
    }

    [Fact]
    public void A_server_that_has_begun_anew_has_no_rate_and_one_of_another_epoch_is_behind_by_that()
    {
        var before = new TopSample(TimeSpan.Zero, [Server("a:1", "follower", 100, 1), Server("b:1", "leader", 5, 1)], []);
        var now = new TopSample(
            TimeSpan.FromSeconds(1), [Server("a:1", "follower", 3, 0x100000001), Server("b:1", "leader", 6, 0x200000000)], []);
        var lines = TopView.Draw(before, now, 40, isColoured: false).ToList();
        Assert.Equal(["a:1", "follower", "3", "0", "0/1/2", "9", "0x100000001", "an", "epoch", "3.9.5"], Words(lines[3]));
        Assert.Equal(["b:1", "leader", "3", "1", "0", "0/1/2", "9", "0x200000000", "0", "3.9.5"], Words(lines[4]));
    }

    [Fact]
    public void What_servers_tell_of_their_clients_is_read()
    {
        const string told = """
             /127.0.0.1:51248[0](queued=0,recved=1,sent=0)
             /[0:0:0:0:0:0:0:1]:51262[1](queued=2,recved=20,sid=0x1000a2b3c4d0001,lop=GETD,est=1700000000000,to=10000,maxlat=2)

            """;
        var clients = ClientConnection.Parse("zk:2181", told).ToList();
        Assert.Equal(["127.0.0.1:51248", "[0:0:0:0:0:0:0:1]:51262"], clients.Select(client => client.Address));
        Assert.Equal(["", "0x1000a2b3c4d0001"], clients.Select(client => client.Session));
        Assert.Equal((20, 2, "GETD"), (clients[1].Received, clients[1].Queued, clients[1].Field("lop")));
        Assert.Equal("1d 3h", TopView.Duration(clients[1].Age(DateTimeOffset.FromUnixTimeMilliseconds(1700000000000).AddHours(27.5))));
    }

    private static readonly Dictionary<string, string> NoFields = [];

    private static string[] Words(string line) => line.Split(' ', StringSplitOptions.RemoveEmptyEntries);

    private static ServerStatus Server(string name, string mode, long received, long zxid) => ServerStatus.Parse(name, $"""
        Zookeeper version: 3.9.5-quoll-0.1.0, built on 2026-01-01 00:00 UTC
        Latency min/avg/max: 0/1/2
        Received: {received}
        Connections: 3
        Outstanding: 0
        Zxid: 0x{zxid:x}
        Mode: {mode}
        Node count: 9
        """);

    private static ClientConnection Client(string server, string address, string session, long received) =>
        Assert.Single(ClientConnection.Parse(
            server,
            $" /{address}[1](queued=4,recved={received}{(session.Length > 0 ? $",sid={session}" : "")},lop=GETD,avglat=1,maxlat=2)"));
}
