using System.Text;
using Quoll.Core;
using Quoll.Core.Tree;
using Quoll.Protocol;
using Quoll.Protocol.Checksums;
using Quoll.Storage;

namespace Quoll.Tests.Storage;

public class SnapshotFileTests
{
    private const string Directory = LogFiles.Directory;
    private readonly MemoryDisk _disk = new();

    [Theory]
    [InlineData(SnapshotCompression.None, "snapshot.2a")]
    [InlineData(SnapshotCompression.Gzip, "snapshot.2a.gz")]
    [InlineData(SnapshotCompression.Snappy, "snapshot.2a.snappy")]
    public void What_a_snapshot_has_is_read_back(SnapshotCompression compression, string name)
    {
        var path = Sample(42).Write(_disk, compression);
        var state = Load(path, 42);

        Assert.Equal($"{Directory}/{name}", path);
        Assert.Equal([name], _disk.List(Directory));
        Assert.Equal(new Zxid(42), state.LastZxid);
        Assert.Equal(2, state.SessionCount);
        Assert.Equal(7000, state.Database.Sessions[0x1001]);
        Assert.Contains("72656164", StateDump.Of(state, "/a/b"), StringComparison.Ordinal);
        Assert.Contains("null", StateDump.Of(state, "/nothing"), StringComparison.Ordinal);
        Assert.Contains("EphemeralOwner = 4097", StateDump.Of(state, "/a/e"), StringComparison.Ordinal);
        Assert.Equal(1, state.Database.Tree.Owned.CountOf(0x1001));
    }

    [Fact]
    public void A_snapshot_has_the_bytes_that_apaches_has()
    {
        var path = new SnapshotBuilder(1).Session(5, 1000).Acl(1, new AclEntry(Permissions.Read, "world", "anyone"))
            .Digest(1, 0x0102030405060708).Write(_disk);
        var body = "5A4B534E" + "00000002" + "FFFFFFFFFFFFFFFF"
            + "00000001" + "0000000000000005" + "000003E8"
            + "00000001" + "0000000000000001" + "00000001" + "00000001" + "00000005776F726C64" + "00000006616E796F6E65"
            + "00000000" + "00000000" + "FFFFFFFFFFFFFFFF" + new string('0', 120)
            + "000000012F";
        var expected = Sealed(Sealed(body) + "0000000000000001" + "00000002" + "0102030405060708");

        Assert.Equal(expected, Convert.ToHexString(_disk.Get(path)));
    }

    [Fact]
    public void Every_bit_of_a_snapshot_counts()
    {
        var path = Sample(42).Digest(42, 77).Write(_disk);
        var whole = _disk.Get(path);
        for (var bit = 0; bit < whole.Length * 8; bit++)
        {
            _disk.Put(path, whole);
            _disk.FlipBit(path, bit);
            AssertRefused(path);
        }
    }

    [Theory]
    [InlineData(SnapshotCompression.Gzip)]
    [InlineData(SnapshotCompression.Snappy)]
    public void A_flipped_bit_in_a_compressed_snapshot_is_refused_or_says_nothing(SnapshotCompression compression)
    {
        var path = Sample(42).Digest(42, 77).Write(_disk, compression);
        var whole = _disk.Get(path);
        var expected = StateDump.Of(Load(path, 42));
        var refused = 0;
        for (var bit = 0; bit < whole.Length * 8; bit++)
        {
            _disk.Put(path, whole);
            _disk.FlipBit(path, bit);
            try
            {
                Assert.Equal(expected, StateDump.Of(Load(path, 42)));
            }
            catch (InvalidDataException e)
            {
                Assert.StartsWith($"{path}: offset ", e.Message, StringComparison.Ordinal);
                refused++;
            }
        }

        Assert.InRange(refused, whole.Length * 7, whole.Length * 8);
    }

    [Theory]
    [InlineData(SnapshotCompression.None)]
    [InlineData(SnapshotCompression.Gzip)]
    [InlineData(SnapshotCompression.Snappy)]
    public void A_snapshot_cut_anywhere_is_refused(SnapshotCompression compression)
    {
        var path = Sample(42).Write(_disk, compression);
        var whole = _disk.Get(path);
        for (var length = 0; length < whole.Length; length++)
        {
            _disk.Put(path, whole[..length]);

            // The end mark of gzip repeats what the checksums of the snapshot have said already.
            if (compression == SnapshotCompression.Gzip && length >= whole.Length - 10)
                continue;
            AssertRefused(path);
        }
    }

    [Fact]
    public void The_parts_of_newer_versions_may_be_absent_but_not_cut()
    {
        using var server = new ServerOnDisk(_disk);
        var path = server.WriteSnapshot();
        var whole = _disk.Get(path);
        var expected = StateDump.Of(Load(path, 0));

        // With the last zxid (3.9), with the digest (3.6), and with neither.
        var ends = new[] { whole.Length, whole.Length - 21, whole.Length - 21 - 33 };
        for (var length = ends[2]; length <= whole.Length; length++)
        {
            _disk.Put(path, whole[..length]);
            if (ends.Contains(length))
                Assert.Equal(expected, StateDump.Of(Load(path, 0)));
            else
                AssertRefused(path);
        }

        for (var bit = ends[1] * 8; bit < whole.Length * 8; bit++)
        {
            _disk.Put(path, whole);
            _disk.FlipBit(path, bit);
            AssertRefused(path);
        }
    }

    [Fact]
    public void The_last_zxid_may_stand_without_a_digest()
    {
        var path = Sample(42).Write(_disk);
        var expected = StateDump.Of(Load(path, 42));
        var whole = Convert.FromHexString(Sealed(Convert.ToHexString(_disk.Get(path)) + "000000000000002A"));
        _disk.Put(path, whole);
        Assert.Equal(expected, StateDump.Of(Load(path, 42)));

        for (var length = whole.Length - 20; length < whole.Length; length++)
        {
            _disk.Put(path, whole[..length]);
            AssertRefused(path);
        }
    }

    [Fact]
    public void A_znode_before_its_parent_is_refused_with_the_place()
    {
        var path = new SnapshotBuilder(5).Znode("/a/b").Write(_disk);

        AssertRefused(path);
    }

    [Fact]
    public void A_znode_larger_than_a_block_is_read()
    {
        var data = new string('x', 3_000_000);
        var path = new SnapshotBuilder(5).Znode("/before").Znode("/large", data: data).Znode("/after").Write(_disk);

        Assert.Contains("3000000:", StateDump.Of(Load(path, 5), "/large"), StringComparison.Ordinal);
        Assert.NotNull(StateDump.Of(Load(path, 5), "/after"));
    }

    [Fact]
    public void A_digest_that_does_not_fit_is_noticed()
    {
        var digest = Load(Sample(42).Write(_disk), 42).Digest;

        Assert.Equal(0, Load(Sample(43).Digest(43, digest).Write(_disk), 43).DigestMismatches);
        Assert.Equal(1, Load(Sample(44).Digest(44, digest + 1).Write(_disk), 44).DigestMismatches);
        Assert.Equal(0, Load(Sample(45).Digest(44, digest + 1).Write(_disk), 45).DigestMismatches);
        Assert.Equal(0, Load(Sample(46).Digest(46, digest + 1, version: 1).Write(_disk), 46).DigestMismatches);
    }

    [Fact]
    public void Nothing_is_found_before_a_snapshot_is_whole()
    {
        using var file = new SnapshotFileWriter(_disk, Directory, new Zxid(5), SnapshotCompression.None);
        file.Write(new byte[100_000]);

        Assert.Empty(DataFiles.Snapshots(_disk, Directory));
        Assert.NotEmpty(_disk.List(Directory));
    }

    [Fact]
    public void A_snapshot_is_on_disk_when_it_is_whole()
    {
        for (var seed = 0; seed < 30; seed++)
        {
            var disk = new MemoryDisk();
            var path = Sample(42).Write(disk);
            var whole = disk.Get(path);
            disk.Crash(seed);

            Assert.Equal(whole, disk.Get(path));
        }
    }

    [Fact]
    public void A_crash_while_a_snapshot_is_written_leaves_all_of_it_or_none()
    {
        for (var seed = 0; seed < 100; seed++)
        {
            var disk = new MemoryDisk { SyncsLeft = seed % 3 };
            try
            {
                Sample(42).Write(disk);
            }
            catch (IOException)
            {
            }

            disk.Crash(seed);
            SnapshotFileWriter.RemoveUnfinished(disk, Directory);
            foreach (var name in disk.List(Directory))
                Assert.Equal(2, Load(disk, $"{Directory}/{name}", 42).SessionCount);
        }
    }

    private static SnapshotBuilder Sample(long zxid) => new SnapshotBuilder(zxid)
        .Session(0x1001, 7000).Session(0x1002)
        .Acl(3, new AclEntry(Permissions.All, "world", "anyone"), new AclEntry(Permissions.Read, "ip", "read"))
        .Znode("", 0, cversion: 2, pzxid: 9).Znode("/zookeeper", 0).Znode("/a", 5, cversion: 2).Znode("/a/b", 6, aclKey: 3)
        .Znode("/a/e", 7, owner: 0x1001).Znode("/nothing", 9, data: null);

    private static string Sealed(string hex) =>
        $"{hex}{(long)Adler32.Append(1, Convert.FromHexString(hex)):X16}{Convert.ToHexString(Encoding.ASCII.GetBytes("\0\0\0\u0001/"))}";

    private static RecoveredState Load(MemoryDisk disk, string path, long zxid)
    {
        var state = new RecoveredState(RecoveredDirectory.Options);
        using var reader = new SnapshotReader(disk, path, 64 * 1024 * 1024);
        state.Load(new Zxid(zxid), reader.ReadAll);
        return state;
    }

    private RecoveredState Load(string path, long zxid) => Load(_disk, path, zxid);

    private void AssertRefused(string path)
    {
        var refusal = Assert.Throws<InvalidDataException>(() => Load(path, 42));
        Assert.StartsWith($"{path}: offset ", refusal.Message, StringComparison.Ordinal);
    }
}
