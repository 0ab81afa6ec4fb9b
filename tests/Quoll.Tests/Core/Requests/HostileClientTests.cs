using Quoll.Core;
using Quoll.Protocol;

namespace Quoll.Tests.Core.Requests;

/// <summary>An exception in the peer ends the server: no bytes of a client may cause one.</summary>
public sealed class HostileClientTests
{
    private static readonly int[] Lengths = [-1, 0, 1, 2, 7, 100, 0x7fffffff, int.MinValue, -2];

    private static readonly Ask[] Samples =
    [
        Ask.Create("/a/b", "data", CreateMode.EphemeralSequential), Ask.Create2("/c"), Ask.CreateContainer("/k"), Ask.CreateTtl("/t", 1),
        Ask.Delete("/a"), Ask.SetData("/", "x"), Ask.SetAcl("/a", -1, AclLine.Open, new AclLine(31, "digest", "a:b")),
        Ask.Exists("/a", true), Ask.GetData("/", true), Ask.GetChildren("/", true), Ask.GetChildren2("/a", true), Ask.GetAcl("/"),
        Ask.Sync("/"), Ask.Ping, Ask.WhoAmI,
        Ask.GetEphemerals("/a"), Ask.GetAllChildrenNumber("/"), Ask.AddWatch("/a", 1), Ask.CheckWatches("/a", WatcherType.Any),
        Ask.RemoveWatches("/", WatcherType.Data), Ask.SetWatches(0, ["/a", "/b"], ["/c"], ["/"]), Ask.AddAuth("digest", "a:b"),
        Ask.AddAuth("ip", "x"), Ask.Close, Ask.Multi(Ask.Create("/a"), Ask.Check("/a", 0), Ask.SetData("/a", "y"), Ask.Delete("/a")),
        Ask.MultiRead(Ask.GetData("/"), Ask.GetChildren("/a")),
        new(OpCode.SetWatches2, [.. Ask.SetWatches(9, ["/"], [], []).Body, .. new byte[8]]),
        new(OpCode.Reconfig, new byte[20]), new(OpCode.Sasl, new byte[4]), Ask.Create("/zookeeper/quota/a/zookeeper_limits", "count=1"),
    ];

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    public void No_frame_however_broken_stops_the_peer_or_parts_it_from_its_log(ulong seed)
    {
        var prng = new Prng(seed);
        var options = new PeerOptions { Seed = seed, ExtendedTypesEnabled = seed % 2 == 0, EnforceQuota = seed > 2, SnapCount = 500 };
        var driver = new PeerDriver(options);
        var client = driver.Connect();
        for (var i = 0; i < 40_000; i++)
        {
            if (client.IsClosed)
            {
                client.Drop();
                client = driver.Connect();
            }

            client.SendFrame(Broken(prng, i));
            if (prng.Below(5) == 0)
                driver.SyncAll();
            if (i % 100 == 0)
                client.Heard.Clear();
        }

        driver.SyncAll();
        Assert.Equal(0, driver.Peer.Introspection.DigestMismatches);
        Assert.Equal(driver.Peer.Introspection.Digest, driver.Replay().Digest);
    }

    [Fact]
    public void No_first_frame_stops_the_peer()
    {
        var prng = new Prng(23);
        var driver = new PeerDriver();
        for (var i = 0; i < 5_000; i++)
        {
            var bytes = new Bytes().Int(0).Long(prng.Below(2)).Int((int)prng.Next()).Long(prng.Below(3)).Buffer(new byte[16]).ToArray();
            Mutate(bytes, prng);
            var client = driver.Open();
            client.SendFrame(bytes[..(int)prng.Below(bytes.Length + 1)]);
            driver.SyncAll();
            client.Drop();
        }

        driver.Connect().Do(Ask.Create("/still-here"));
    }

    private static byte[] Broken(Prng prng, int xid)
    {
        var ask = Samples[(int)prng.Below(Samples.Length)];
        var body = prng.Below(10) == 0 ? Samples[(int)prng.Below(Samples.Length)].Body : ask.Body;
        var frame = new Bytes().Int(xid).Int((int)ask.Op).Raw(body).ToArray();
        switch (prng.Below(6))
        {
            case 0:
                return frame[..(8 + (int)prng.Below(frame.Length - 7))];
            case 1 or 2 when frame.Length > 8:
                Mutate(frame.AsSpan(8), prng);
                return frame;
            case 3 when frame.Length >= 12:
                var at = 8 + (int)prng.Below(frame.Length - 11);
                System.Buffers.Binary.BinaryPrimitives.WriteInt32BigEndian(frame.AsSpan(at), Lengths[(int)prng.Below(Lengths.Length)]);
                return frame;
            default:
                return frame;
        }
    }

    private static void Mutate(Span<byte> bytes, Prng prng)
    {
        for (var i = 0; i < 1 + prng.Below(3); i++)
            bytes[(int)prng.Below(bytes.Length)] = (byte)prng.Below(256);
    }
}
