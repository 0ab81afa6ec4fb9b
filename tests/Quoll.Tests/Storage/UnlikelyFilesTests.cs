using Quoll.Core;
using Quoll.Core.Tree;
using Quoll.Protocol;
using Quoll.Storage;

namespace Quoll.Tests.Storage;

/// <summary>Files whose checksums fit, and whose content can't be so: whoever wrote them was broken, or wanted to do harm.</summary>
public class UnlikelyFilesTests
{
    private const string Directory = LogFiles.Directory;
    private readonly MemoryDisk _disk = new();

    public UnlikelyFilesTests() => _disk.CreateDirectory(Directory);

    public static TheoryData<string, byte[]> Unreadable => new()
    {
        { "has the type 99", Txns.Of(2, (OpCode)99, static (ref _) => { }) },
        { "Malformed", Txns.Of(2, OpCode.SetData, static (ref writer) => writer.WriteInt(100)) },
        { "Malformed", Txns.Multi(2, Txns.Of(2, OpCode.Delete, static (ref _) => { })) },
        { "has the type 14", Txns.Multi(2, Txns.Multi(2)) },
        { "IsPlace", Txns.Create(2, "a", -1) },
        { "IsPlace", Txns.Create(2, "/", -1) },
        { "IsPlace", Txns.Create(2, "//a", -1) },
        { "IsPlace", Txns.Create(2, "/a/", -1) },
    };

    [Theory]
    [MemberData(nameof(Unreadable))]
    public void A_transaction_that_can_not_be_stops_the_start_and_is_told_by_file_and_offset(string why, byte[] txn)
    {
        new SnapshotBuilder(0).Write(_disk);
        var fine = Txns.Create(1, "/fine", 1);
        var path = LogFiles.Write(_disk, LogFiles.Unpadded, fine, txn);

        var refusal = Assert.Throws<StorageException>(() => RecoveredDirectory.From(_disk));
        var offset = TxnLogFormat.HeaderLength + TxnLogFormat.PrefixLength + fine.Length + 1;
        Assert.Contains($"{path}: offset {offset}:", refusal.Message, StringComparison.Ordinal);
        Assert.Contains(why, refusal.Message, StringComparison.Ordinal);
    }

    // The tree would take them for /a, and then have two counts of what it holds.
    [Theory]
    [InlineData("a")]
    [InlineData("//a")]
    public void A_logged_delete_of_what_is_no_path_deletes_nothing(string path)
    {
        new SnapshotBuilder(0).Znode("/a").Write(_disk);
        LogFiles.Write(_disk, LogFiles.Unpadded, Txns.Delete(1, path));

        Assert.NotNull(RecoveredDirectory.From(_disk).Znode("/a"));
    }

    [Theory]
    [InlineData("a")]
    [InlineData("//")]
    [InlineData("//a")]
    [InlineData("/a/")]
    public void A_snapshot_with_a_path_that_can_not_be_is_not_used(string path) =>
        AssertRefused(new SnapshotBuilder(5).Znode(path), "can't be");

    [Fact]
    public void A_snapshot_that_has_a_znode_twice_is_not_used() =>
        AssertRefused(new SnapshotBuilder(5).Znode("/a").Znode("/b").Znode("/a"), "/a comes twice");

    [Fact]
    public void A_snapshot_that_has_a_list_twice_is_not_used() =>
        AssertRefused(new SnapshotBuilder(5).Acl(7, Txns.Open).Acl(7, Txns.Open), "7 comes twice");

    // The session would end by deleting the root, again and again.
    [Fact]
    public void A_snapshot_in_which_a_session_owns_the_root_is_not_used() =>
        AssertRefused(new SnapshotBuilder(5).Session(9).Znode("", owner: 9), "owner 0x9");

    // The closed list that stands for the unknown one was the first znode's alone, and went with it.
    [Fact]
    public void A_built_in_znode_that_comes_twice_with_a_list_that_is_not_known_is_taken()
    {
        new SnapshotBuilder(5).Znode("/zookeeper", aclKey: 77).Znode("/zookeeper", aclKey: 77).Write(_disk);

        Assert.NotNull(RecoveredDirectory.From(_disk).Znode("/zookeeper"));
    }

    [Fact]
    public void A_damaged_length_in_a_snapshot_is_refused_before_much_is_read()
    {
        var path = new SnapshotBuilder(5).Znode("/a").Znode("/b", data: new string('x', 32 * 1024 * 1024)).Write(_disk);
        var bytes = _disk.Get(path);
        var at = bytes.AsSpan().IndexOf("\0\0\0\u0002/a\0\0\0\u0004data"u8) + 6;
        bytes[at] = 1;   // 16 MB and 4
        _disk.Put(path, bytes);

        var allocated = GC.GetAllocatedBytesForCurrentThread();
        using (var reader = new SnapshotReader(_disk, path, LogFiles.MaxTxn))
        {
            var loader = new SnapshotLoader(new Database(new PeerOptions()), new Zxid(5));
            var refusal = Assert.Throws<InvalidDataException>(() => reader.ReadAll(loader));
            Assert.Contains($"{path}: offset", refusal.Message, StringComparison.Ordinal);
        }

        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - allocated, 0, 8 * 1024 * 1024);
    }

    private void AssertRefused(SnapshotBuilder snapshot, string why)
    {
        var path = snapshot.Write(_disk);
        var refusal = Assert.Throws<StorageException>(() => RecoveredDirectory.From(_disk));
        Assert.Contains($"{path}: offset", refusal.Message, StringComparison.Ordinal);
        Assert.Contains(why, refusal.Message, StringComparison.Ordinal);
    }
}
