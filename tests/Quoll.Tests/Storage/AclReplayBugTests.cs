using System.Text;
using Quoll.Core.Access;
using Quoll.Core.Tree;
using Quoll.Protocol;
using Quoll.Protocol.Records;
using Quoll.Storage;

namespace Quoll.Tests.Storage;

/// <summary>Bugs that Apache's server had, or has, with access control lists that a snapshot names and does not have.</summary>
public class AclReplayBugTests
{
    private const string Directory = LogFiles.Directory;
    private static readonly AclEntry[] First = [new(Permissions.All, "digest", "first:x")];
    private static readonly AclEntry[] Second = [new(Permissions.Read, "digest", "second:y")];
    private readonly MemoryDisk _disk = new();

    // The table was written before the znode that needed a new list: the znode could not be read after a load.
    [Fact]
    public void ZOOKEEPER_3306_a_list_that_the_table_lacks_comes_with_the_log()
    {
        Snapshot(5).Acl(1, First).Znode("/a", 1, aclKey: 1).Znode("/b", 6, aclKey: 2).Znode("/c", 2, aclKey: 3).Write(_disk);
        Log(Txns.Create(6, "/b", 2, Second), Txns.SetAcl(7, "/c", Second, 1));

        Assert.Equal([First, Second, Second], [AclOf("/a"), AclOf("/b"), AclOf("/c")]);
    }

    [Fact]
    public void ZOOKEEPER_3306_a_list_that_nothing_brings_back_is_closed_to_all()
    {
        Snapshot(5).Znode("/a", 1, aclKey: 9).Write(_disk);
        Log(Txns.SetData(6, "/a", "x", 1), Txns.Create(7, "/a/b", 1), Txns.Delete(8, "/a/b"));

        var recovered = RecoveredDirectory.From(_disk);
        var tree = recovered.State.Database.Tree;
        var acl = tree.Acls[tree[tree.Find("/a"u8)].Acl];
        var access = new AccessControl(RecoveredDirectory.Options);
        Assert.False(access.Allows(acl, Permissions.All, [new Identity("ip", "10.0.0.1")]));
        Assert.True(access.Allows(acl, Permissions.All, [new Identity("super", "")]));
        Assert.Equal(new Zxid(8), recovered.Report.LastZxid);
    }

    // A create replayed over a znode left it with a list that had been forgotten; the next snapshot could not be loaded.
    [Fact]
    public void ZOOKEEPER_4846_a_replayed_create_gives_the_znode_its_list()
    {
        Snapshot(5).Acl(1, First).Acl(2, Second).Znode("/a", 6, aclKey: 2).Znode("/b", 2, aclKey: 1).Write(_disk);
        Log(Txns.Create(6, "/a", 2, First), Txns.SetAcl(7, "/a", Second, 1), Txns.SetAcl(8, "/a", First, 2), Txns.Delete(9, "/b"));

        Assert.Equal(First, AclOf("/a"));
        var expected = RecoveredDirectory.From(_disk).Dump;
        using (var server = new ServerOnDisk(_disk))
            server.WriteSnapshot();
        Assert.Equal(new Zxid(9), RecoveredDirectory.From(_disk).Report.SnapshotZxid);
        Assert.Equal(expected, RecoveredDirectory.From(_disk).Dump);
    }

    // Lists made by the replay took keys that znodes further on in the snapshot were meant to find other lists under.
    [Fact]
    public void ZOOKEEPER_4689_a_list_made_by_the_replay_is_never_taken_for_one_that_is_missing()
    {
        Snapshot(5).Acl(1, First).Znode("/a", 1, aclKey: 1).Znode("/late", 7, aclKey: 2).Znode("/later", 8, aclKey: 3).Write(_disk);
        Log(Txns.Create(6, "/new", 1, Second), Txns.Create(7, "/other", 2, [new(Permissions.Write, "ip", "10.0.0.9")]));

        var closed = AclOf("/late");
        Assert.Equal(Permissions.None, Assert.Single(closed).Permissions);
        Assert.Equal(closed, AclOf("/later"));
        Assert.Equal(Second, AclOf("/new"));
    }

    [Fact]
    public void ZOOKEEPER_4689_keys_may_be_large_and_lists_may_come_twice()
    {
        Snapshot(5).Acl(long.MaxValue, First).Acl(7, First).Acl(1L << 40, Second)
            .Znode("/a", 1, aclKey: long.MaxValue).Znode("/b", 1, aclKey: 7).Znode("/c", 1, aclKey: 1L << 40).Write(_disk);

        Assert.Equal([First, First, Second], [AclOf("/a"), AclOf("/b"), AclOf("/c")]);
    }

    [Fact]
    public void A_list_that_no_znode_has_is_forgotten()
    {
        Snapshot(5).Acl(1, First).Acl(2, Second).Znode("/a", 1, aclKey: 1).Write(_disk);
        Log(Txns.Delete(6, "/a"));

        // What is left is the list of /zookeeper/config.
        Assert.DoesNotContain(RecoveredDirectory.From(_disk).State.Database.Tree.Acls.All(), acl => acl.List.Entries[0].Scheme == "digest");
    }

    [Fact]
    public void A_refused_request_leaves_no_list_behind()
    {
        using var server = new ServerOnDisk(_disk);
        var client = server.Connect();
        server.Sync();
        var before = server.State.Database.Tree.Acls.All().Count();
        for (var i = 0; i < 10; i++)
        {
            var acl = new AclList([new AclEntry(Permissions.Read, "ip", $"10.0.0.{i}")]);
            Assert.Equal(ErrorCode.NoNode, server.Ask(client, OpCode.Create, (ref writer) =>
                writer.Write(new CreateRequest("/no/parent"u8.ToArray(), default, acl.Vector, 0))));
            Assert.Equal(ErrorCode.NoNode, server.Ask(client, OpCode.SetAcl, (ref writer) =>
                writer.Write(new SetAclRequest("/no/parent"u8.ToArray(), acl.Vector, -1))));
        }

        Assert.Equal(before, server.State.Database.Tree.Acls.All().Count());
    }

    private static SnapshotBuilder Snapshot(long zxid) => new SnapshotBuilder(zxid).Znode("/zookeeper", 0);

    private void Log(params byte[][] txns)
    {
        using var log = new TxnLog(_disk, Directory, LogFiles.Padded);
        foreach (var txn in txns)
            log.Append(Txns.ZxidOf(txn), txn);
        log.Sync();
    }

    private AclEntry[] AclOf(string path)
    {
        var tree = RecoveredDirectory.From(_disk).State.Database.Tree;
        return tree.Acls[tree[tree.Find(Encoding.UTF8.GetBytes(path))].Acl].Entries;
    }
}
