using Quoll.Protocol.Checksums;
using Quoll.Tests.Core;

namespace Quoll.Tests.Storage;

/// <summary>Files in the forms of all versions of Apache's server since 3.3, written here byte by byte.</summary>
public class OldFilesTests
{
    private const string Directory = LogFiles.Directory;
    private const long Container = long.MinValue;
    private const long Session = 0x120_6de6_75bd_0000;
    private readonly MemoryDisk _disk = new();

    public OldFilesTests() => _disk.CreateDirectory(Directory);

    [Fact]
    public void A_snapshot_before_3_5_ends_with_its_first_seal_and_has_no_config()
    {
        Put("snapshot.5", Sealed(Old().ToArray()));

        var recovered = RecoveredDirectory.From(_disk);
        Assert.Equal(4, recovered.State.ZnodeCount);
        Assert.Null(recovered.Znode("/zookeeper/config"));
        Assert.Contains($"EphemeralOwner = {Session}", recovered.Znode("/e"), StringComparison.Ordinal);
        Assert.Equal(0, recovered.State.DigestMismatches);
    }

    [Fact]
    public void A_log_before_3_4_has_creates_without_the_parents_counter_and_a_close_without_paths()
    {
        Put("snapshot.5", Sealed(Old().ToArray()));
        Put("log.1", Log(
            Txn(6, 1, Create("/p", ephemeral: false)), Txn(7, 1, Create("/p/a", ephemeral: false)),
            Txn(8, 1, Create("/p/e", ephemeral: true)),
            Txn(9, 14, new Bytes().Int(2).Int(1).Buffer(Create("/p/m", ephemeral: false)).Int(5).Buffer(SetData("/p", 3))),
            Txn(10, -11, new Bytes()), Txn(11, -1, new Bytes().Int(-101))));

        var recovered = RecoveredDirectory.From(_disk);
        Assert.Equal(11, recovered.State.LastZxid.Value);
        Assert.Null(recovered.Znode("/p/e"));
        Assert.Null(recovered.Znode("/e"));
        Assert.Equal(0, recovered.State.SessionCount);
        var tree = recovered.State.Database.Tree;
        Assert.Equal(3, tree.PersistedStatOf(tree.Find("/p"u8)).Cversion);
        Assert.Equal(3, tree.PersistedStatOf(tree.Find("/p"u8)).Version);
        Assert.Equal(2, tree.ChildCountOf(tree.Find("/p"u8)));
    }

    // 3.4 took no snapshot of an empty database, and its first log began with the first transaction.
    [Fact]
    public void A_directory_of_3_4_without_a_snapshot_is_taken_when_told_so()
    {
        Put("log.1", Log(Txn(1, -10, new Bytes().Int(10_000)), Txn(2, 1, Create("/a", ephemeral: false))));

        Assert.NotNull(RecoveredDirectory.From(_disk, trustEmpty: true).Znode("/a"));
    }

    [Fact]
    public void A_log_of_3_5_has_containers_ttls_and_a_reconfiguration_and_no_digest()
    {
        Put("snapshot.0", Sealed(Empty(config: true).ToArray()));
        Put("log.1", Log(
            Txn(1, 19, Part("/c").Int(1)), Txn(2, 21, Part("/t").Int(2).Long(5000)), Txn(3, 15, Part("/two").Bool(false).Int(3)),
            Txn(4, 16, SetData("/zookeeper/config", -1)), Txn(5, 20, new Bytes().String("/c"))));

        var recovered = RecoveredDirectory.From(_disk);
        Assert.Null(recovered.Znode("/c"));
        Assert.Contains($"EphemeralOwner = {unchecked((long)0xFF00_0000_0000_1388)}", recovered.Znode("/t"), StringComparison.Ordinal);
        Assert.StartsWith("/zookeeper/config 3:", recovered.Znode("/zookeeper/config"), StringComparison.Ordinal);
        Assert.Equal(3, recovered.State.Database.Tree.PersistedStatOf(1).Cversion);
    }

    // 3.5.3 marked a TTL by the highest bit alone; a server told of it (emulate353TTLNodes) still takes that for a TTL.
    [Theory]
    [InlineData(true, 0, 5000)]
    [InlineData(false, 1, 0)]
    public void A_ttl_of_3_5_3_is_known_by_the_highest_bit_where_that_is_asked_for(bool emulate, int ephemerals, long ttl)
    {
        Put("snapshot.5", Sealed(Empty(config: true, Znode("/t", unchecked(long.MinValue + 5000)), Znode("/c", Container)).ToArray()));

        var options = RecoveredDirectory.Options with { Emulate353TtlNodes = emulate };
        var tree = RecoveredDirectory.From(_disk, options).State.Database.Tree;
        Assert.Equal(ephemerals, tree.Owned.EphemeralCount);
        Assert.Equal(ttl, tree.Owned.FirstTtl == 0 ? 0 : tree.OwnerTypes.TtlOf(tree.OwnerOf(tree.Owned.FirstTtl)));
        Assert.Equal(tree.Find("/c"u8), tree.Owned.FirstContainer);
    }

    // Without extended types, an owner that looks like a TTL is a session's, of a server with the number 255.
    [Fact]
    public void An_owner_that_looks_like_a_ttl_is_a_session_where_there_are_no_ttls()
    {
        var session = unchecked((long)0xFF00_0000_0000_1388);
        Put("snapshot.5", Sealed(Empty(config: true, Znode("/e", session)).ToArray()));

        var tree = RecoveredDirectory.From(_disk, RecoveredDirectory.Options with { ExtendedTypesEnabled = false }).State.Database.Tree;
        Assert.Equal(1, tree.Owned.CountOf(session));
        Assert.Equal(0, tree.Owned.FirstTtl);
    }

    // The numbers were taken from a server of 3.8.0: a tree that is fresh, and one with a session's znode.
    [Fact]
    public void A_snapshot_and_a_log_of_3_6_and_later_tell_digests_that_fit()
    {
        byte[] plain = [.. Empty(config: true).ToArray()];
        Put("snapshot.100000000", Sealed(Sealed(plain), new Bytes().Long(0x100000000).Int(2).Long(0x51c6d660)));
        Put("log.100000001", Log(
            Convert.FromHexString("01000014f8940000000000000000000100000001000001a202347b27fffffff600002710000000020000000051c6d660")));

        var recovered = RecoveredDirectory.From(_disk);
        Assert.Equal(0x51c6d660UL, recovered.State.Digest);
        Assert.Equal(0, recovered.State.DigestMismatches);
        Assert.Equal(1, recovered.State.SessionCount);
    }

    [Theory]
    [InlineData(0x51c6d660, 0)]
    [InlineData(0x51c6d661, 1)]
    public void A_snapshot_of_3_9_has_its_last_zxid_after_the_digest(long digest, int mismatches)
    {
        var withDigest = Sealed(Sealed(Empty(config: true).ToArray()), new Bytes().Long(7).Int(2).Long(digest));
        Put("snapshot.7", Sealed(withDigest, new Bytes().Long(9)));

        // The name counts, not what stands in it.
        var recovered = RecoveredDirectory.From(_disk);
        Assert.Equal(7, recovered.State.LastZxid.Value);
        Assert.Equal(mismatches, recovered.State.DigestMismatches);
    }

    // A server that has just begun knows no digest yet, and writes zeros in its place; since 3.6 with the version, which is 2.
    [Theory]
    [InlineData(0)]
    [InlineData(2)]
    public void A_digest_of_zxid_0_means_none(int version)
    {
        Put("snapshot.0", Sealed(Sealed(Empty(config: true).ToArray()), new Bytes().Long(0).Int(version).Long(0)));
        Put("log.1", Log(Txn(1, -10, new Bytes().Int(10_000).Int(2).Long(0x51c6d660))));

        Assert.Equal(0, RecoveredDirectory.From(_disk).State.DigestMismatches);
    }

    private static Bytes Old() => new Bytes().Raw("ZKSN"u8).Int(2).Long(-1)
        .Int(1).Long(Session).Int(20_000)
        .Int(1).Long(1).Acl(AclLine.Open)
        .Raw(Znode("", 0)).Raw(Znode("/zookeeper", 0)).Raw(Znode("/zookeeper/quota", 0)).Raw(Znode("/e", Session, aclKey: 1))
        .String("/");

    // As a server writes it that has just begun: all stats are zero, but for what config has.
    private static Bytes Empty(bool config, params byte[][] znodes)
    {
        var bytes = new Bytes().Raw("ZKSN"u8).Int(2).Long(-1).Int(0).Int(1).Long(1).Acl(new AclLine(1, "world", "anyone"));
        bytes.Raw(Fresh("", -1)).Raw(Fresh("/zookeeper", -1));
        if (config)
            bytes.Raw(Fresh("/zookeeper/config", 1));
        bytes.Raw(Fresh("/zookeeper/quota", -1));
        foreach (var znode in znodes)
            bytes.Raw(znode);
        return bytes.String("/");
    }

    private static byte[] Fresh(string path, long aclKey) => new Bytes().String(path).Buffer([]).Long(aclKey).Raw(new byte[60]).ToArray();

    private static byte[] Znode(string path, long owner, long aclKey = -1) => new Bytes().String(path).Buffer([1, 2]).Long(aclKey)
        .Long(3).Long(4).Long(1000).Long(2000).Int(1).Int(0).Int(0).Long(owner).Long(3).ToArray();

    private static Bytes Part(string path) => new Bytes().String(path).Buffer([7]).Acl(AclLine.Open);

    private static byte[] Create(string path, bool ephemeral) => Part(path).Bool(ephemeral).ToArray();

    private static byte[] SetData(string path, int version) => new Bytes().String(path).Buffer([1, 2, 3]).Int(version).ToArray();

    private static byte[] Txn(long zxid, int type, byte[] body) =>
        new Bytes().Long(Session).Int(1).Long(zxid).Long(zxid * 1000).Int(type).Raw(body).ToArray();

    private static byte[] Txn(long zxid, int type, Bytes body) => Txn(zxid, type, body.ToArray());

    private static byte[] Log(params byte[][] txns)
    {
        var log = new Bytes().Raw("ZKLG"u8).Int(2).Long(0);
        foreach (var txn in txns)
            log.Long(Adler32.Append(1, txn)).Int(txn.Length).Raw(txn).Raw([0x42]);
        return log.Raw(new byte[1024]).ToArray();
    }

    private static byte[] Sealed(byte[] before, Bytes? tail = null)
    {
        var whole = new Bytes().Raw(before).Raw(tail?.ToArray());
        return whole.Long(Adler32.Append(1, whole.ToArray())).String("/").ToArray();
    }

    private void Put(string name, byte[] bytes) => _disk.Put(Path.Combine(Directory, name), bytes);
}
