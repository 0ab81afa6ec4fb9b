using System.Buffers.Binary;
using System.Text;
using Quoll.Core;
using Quoll.Core.Tree;
using Quoll.Protocol;
using Quoll.Protocol.Checksums;
using Quoll.Protocol.Jute;
using Quoll.Protocol.Records;
using Quoll.Storage;

namespace Quoll.Tests.Storage;

/// <summary>Whole servers on logs that a crash, or something worse, has left.</summary>
public class TornServerTests
{
    private const string Directory = LogFiles.Directory;
    private readonly MemoryDisk _disk = new();

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_server_goes_on_from_a_log_torn_at_every_byte_of_its_last_record(bool isReserved)
    {
        var states = RunFive(_disk);
        var path = $"{Directory}/log.1";
        var whole = _disk.Get(path);
        var offsets = LogFiles.Offsets(whole);
        var before = new Zxid(offsets.Count - 2);
        for (var cut = offsets[^2]; cut < offsets[^1]; cut++)
        {
            var disk = _disk.Copy();
            disk.Put(path, isReserved ? [.. whole[..cut], .. new byte[whole.Length - cut]] : whole[..cut]);
            using (var server = new ServerOnDisk(disk))
            {
                Assert.Equal(before, server.State.LastZxid);
                Assert.Equal(states[before], StateDump.Of(server.State));
                var client = server.Connect();
                server.Sync();
                Assert.Equal(ErrorCode.Ok, server.Ask(client, OpCode.Create, Create("/after")));
            }

            disk.Crash(cut);
            var recovered = RecoveredDirectory.From(disk);
            Assert.Equal(new Zxid(before.Value + 2), recovered.State.LastZxid);
            Assert.NotNull(recovered.Znode("/after"));
            Assert.Empty(recovered.Report.Remarks);
        }
    }

    [Fact]
    public void What_a_killed_process_had_written_is_on_disk_before_anybody_is_told_of_it()
    {
        RunFive(_disk, new TxnLogOptions(8192, ForceSync: false));

        // The process is killed, the machine goes on; then, after a start, its power goes too.
        var recovered = RecoveredDirectory.From(_disk);
        _disk.Crash(0);

        Assert.Equal(recovered.Dump, RecoveredDirectory.From(_disk).Dump);
    }

    [Fact]
    public void A_whole_transaction_that_can_not_be_applied_is_refused_with_its_place()
    {
        RunFive(_disk);
        var path = $"{Directory}/log.1";
        var whole = _disk.Get(path);
        var offsets = LogFiles.Offsets(whole);
        var (offset, length) = (offsets[3], offsets[4] - offsets[3] - 13);
        var refused = 0;
        for (var bit = 0; bit < length * 8; bit++)
        {
            var bytes = (byte[])whole.Clone();
            var body = bytes.AsSpan(offset + 12, length);
            body[bit / 8] ^= (byte)(1 << (bit % 8));
            BinaryPrimitives.WriteInt64BigEndian(bytes.AsSpan(offset), Adler32.Append(1, body));
            var disk = _disk.Copy();
            disk.Put(path, bytes);
            try
            {
                RecoveredDirectory.From(disk);
            }
            catch (StorageException e)
            {
                // The zxid is no part of what is applied: one that is wrong is a gap.
                if (bit / 8 is < 12 or >= 20)
                    Assert.StartsWith($"{path}: offset {offset}: ", e.Message, StringComparison.Ordinal);
                refused++;
            }
        }

        Assert.InRange(refused, 64, length * 8);
    }

    [Fact]
    public void A_damaged_length_in_a_snapshot_takes_little_memory()
    {
        // A path of a gigabyte, as it seems; compressed, the file itself is small.
        using (var file = new SnapshotFileWriter(_disk, Directory, new Zxid(5), SnapshotCompression.Gzip))
        {
            file.Write([0, 0, 0, 0, 0, 0, 0, 0, 0x3F, 0xFF, 0xFF, 0xFF]);
            var zeros = new byte[1024 * 1024];
            for (var i = 0; i < 200; i++)
                file.Write(zeros);
            file.Seal();
            file.Complete();
        }

        var before = GC.GetAllocatedBytesForCurrentThread();
        using var reader = new SnapshotReader(_disk, $"{Directory}/snapshot.5.gz", 1024 * 1024);
        var refusal = Assert.Throws<InvalidDataException>(
            () => new RecoveredState(RecoveredDirectory.Options).Load(new Zxid(5), reader.ReadAll));

        Assert.StartsWith($"{Directory}/snapshot.5.gz: offset ", refusal.Message, StringComparison.Ordinal);
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 300 * 1024 * 1024);
    }

    /// <summary>A server that makes a session and four znodes; what its state was after each.</summary>
    private static Dictionary<Zxid, string> RunFive(MemoryDisk disk, TxnLogOptions? options = null)
    {
        using var server = new ServerOnDisk(disk, log: options);
        var client = server.Connect();
        server.Sync();
        foreach (var name in (string[])["/a", "/b", "/c", "/d"])
            Assert.Equal(ErrorCode.Ok, server.Ask(client, OpCode.Create, Create(name)));
        return server.States;
    }

    private static Txns.Body Create(string path) => (ref JuteWriter writer) =>
        writer.Write(new CreateRequest(Encoding.UTF8.GetBytes(path), "data"u8, new AclList(Txns.Open).Vector, 0));
}
