using System.Buffers.Binary;
using System.Text;
using Quoll.Protocol.Checksums;

namespace Quoll.Tests.Protocol.Checksums;

public class Crc32Tests
{
    [Theory]
    [InlineData("", 0x00000000u)]
    [InlineData("a", 0xE8B7BE43u)]
    [InlineData("123456789", 0xCBF43926u)]
    [InlineData("The quick brown fox jumps over the lazy dog", 0x414FA339u)]
    public void Known_texts_have_their_known_values(string text, uint expected)
    {
        var bytes = Encoding.ASCII.GetBytes(text);

        Assert.Equal(expected, Crc32.Append(0, bytes));
        Assert.Equal(expected, Crc32.AppendTables(0, bytes));
    }

    // The digests that ZooKeeper 3.8.0 sent over the wire for a new tree.
    [Theory]
    [InlineData("", 0x04128908u)]
    [InlineData("/zookeeper", 0x4DB44D58u)]
    public void A_node_with_a_zero_stat_has_the_digest_that_ZooKeeper_gives_it(string path, uint expected) =>
        Assert.Equal(expected, Digest(path, "", new NodeStat()));

    [Fact]
    public void Two_creates_lead_to_the_digests_that_ZooKeeper_announces()
    {
        var root = new NodeStat(Pzxid: 0x1_0000_0002, Cversion: 1);
        var a = new NodeStat(Czxid: 0x1_0000_0002, Mzxid: 0x1_0000_0002, Pzxid: 0x1_0000_0002, Time: 0x1a202347b36);
        var tree = (ulong)Digest("/zookeeper", "", new NodeStat()) + Digest("", "", root);
        Assert.Equal(0x1_8F36_9A52UL, tree + Digest("/a", "hello", a));

        var parent = a with { Pzxid = 0x1_0000_0003, Cversion = 1 };
        var e = new NodeStat(
            Czxid: 0x1_0000_0003, Mzxid: 0x1_0000_0003, Pzxid: 0x1_0000_0003, Time: 0x1a202347b3f, Owner: 0x0100_0014_F894_0000);
        Assert.Equal(0x1_B519_CF28UL, tree + Digest("/a", "hello", parent) + Digest("/a/e", "x", e));
    }

    [Fact]
    public void Every_length_agrees_with_the_definition_wherever_it_lies_and_whatever_was_before()
    {
        var random = new Random(20260214);
        var bytes = new byte[5100];
        random.NextBytes(bytes);

        foreach (var length in ChecksumLengths.Of(random))
        {
            var part = bytes.AsSpan(random.Next(64), length);
            var before = (uint)random.NextInt64(1L << 32);
            var expected = Naive(before, part);

            Assert.Equal(expected, Crc32.Append(before, part));
            Assert.Equal(expected, Crc32.AppendTables(before, part));
            if (Crc32.IsFoldingSupported && length >= 16)
                Assert.Equal(expected, Crc32.AppendFolding(before, part));
        }
    }

    [Fact]
    public void A_split_anywhere_changes_nothing()
    {
        var random = new Random(20260215);
        var bytes = new byte[333];
        random.NextBytes(bytes);
        var whole = Naive(0, bytes);

        for (var split = 0; split <= bytes.Length; split++)
            Assert.Equal(whole, Crc32.Append(Crc32.Append(0, bytes.AsSpan(0, split)), bytes.AsSpan(split)));
    }

    private static uint Naive(uint crc, ReadOnlySpan<byte> bytes)
    {
        crc = ~crc;
        foreach (var value in bytes)
        {
            crc ^= value;
            for (var bit = 0; bit < 8; bit++)
                crc = (crc & 1) == 0 ? crc >> 1 : (crc >> 1) ^ 0xEDB88320;
        }

        return ~crc;
    }

    /// <summary>A node's digest: path, data, then these fields in this order, which is not the order of the stat on the wire.</summary>
    private static uint Digest(string path, string data, NodeStat stat)
    {
        var bytes = new byte[60];
        BinaryPrimitives.WriteInt64BigEndian(bytes, stat.Czxid);
        BinaryPrimitives.WriteInt64BigEndian(bytes.AsSpan(8), stat.Mzxid);
        BinaryPrimitives.WriteInt64BigEndian(bytes.AsSpan(16), stat.Pzxid);
        BinaryPrimitives.WriteInt64BigEndian(bytes.AsSpan(24), stat.Time);
        BinaryPrimitives.WriteInt64BigEndian(bytes.AsSpan(32), stat.Time);
        BinaryPrimitives.WriteInt32BigEndian(bytes.AsSpan(44), stat.Cversion);
        BinaryPrimitives.WriteInt64BigEndian(bytes.AsSpan(52), stat.Owner);

        var crc = Crc32.Append(0, Encoding.UTF8.GetBytes(path));
        crc = Crc32.Append(crc, Encoding.UTF8.GetBytes(data));
        return Crc32.Append(crc, bytes);
    }

    private readonly record struct NodeStat(
        long Czxid = 0, long Mzxid = 0, long Pzxid = 0, long Time = 0, int Cversion = 0, long Owner = 0);
}
