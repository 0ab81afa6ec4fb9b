using System.Buffers.Binary;
using Quoll.Core;
using Quoll.Protocol;
using Quoll.Protocol.Checksums;
using Quoll.Storage;

namespace Quoll.Fuzz.Targets;

/// <summary>A log's file, after an empty snapshot. Its parts are the header and the transactions, without what is around them.</summary>
internal sealed class LogTarget : IFuzzTarget
{
    private const int HeaderLength = 16;
    private const int PrefixLength = 12;
    private static readonly byte[] EmptySnapshot = WriteEmptySnapshot();
    private static readonly string LogPath = Path.Combine(StateCheck.Directory, DataFiles.LogName(new Zxid(1)));

    public string Name => "log";

    public IReadOnlyList<byte[]> Seeds()
    {
        using var server = new FuzzedServer(new RecoveredState(StateCheck.Options), new MemoryDisk());
        var client = server.Open();
        server.Send(client, Requests.Connect());
        server.SyncAll();
        foreach (var change in Requests.Changes().Append(Requests.Of(99, OpCode.CloseSession, static (ref _) => { })))
            server.Send(client, change);
        server.SyncAll();
        byte[] header = [.. "ZKLG"u8, 0, 0, 0, 2, .. new byte[8]];

        // With and without digests, as servers before 3.6 had none; with room reserved; and without any.
        var whole = Join([header, .. server.Log]);
        return [whole, Join([header, .. server.Log.Select(txn => txn[..^12])]), [.. whole, .. new byte[4096]], header, []];
    }

    public List<byte[]> Split(byte[] input)
    {
        if (input.Length < HeaderLength)
            return [input];
        var parts = new List<byte[]> { input[..HeaderLength] };
        for (var at = HeaderLength; at + PrefixLength < input.Length;)
        {
            var length = BinaryPrimitives.ReadInt32BigEndian(input.AsSpan(at + 8));
            if (length <= 0 || length > input.Length - at - PrefixLength - 1)
                break;
            parts.Add(input[(at + PrefixLength)..(at + PrefixLength + length)]);
            at += PrefixLength + length + 1;
        }

        return parts;
    }

    public byte[] Join(IReadOnlyList<byte[]> parts)
    {
        var joined = new List<byte>();
        Span<byte> prefix = stackalloc byte[PrefixLength];
        foreach (var (at, part) in parts.Index())
        {
            if (at == 0)
            {
                joined.AddRange(part);
                continue;
            }

            // Numbered anew, unless the number was meant.
            var txn = part;
            if (txn.Length >= 20 && BinaryPrimitives.ReadInt64BigEndian(txn.AsSpan(12)) is > 0 and < 1000)
                BinaryPrimitives.WriteInt64BigEndian((txn = [.. part]).AsSpan(12), at);
            BinaryPrimitives.WriteInt64BigEndian(prefix, Adler32.Append(1, txn));
            BinaryPrimitives.WriteInt32BigEndian(prefix[8..], txn.Length);
            joined.AddRange(prefix);
            joined.AddRange(txn);
            joined.Add(0x42);
        }

        return [.. joined];
    }

    public string Run(byte[] input)
    {
        var disk = new MemoryDisk();
        disk.CreateDirectory(StateCheck.Directory);
        disk.Put(Path.Combine(StateCheck.Directory, DataFiles.SnapshotName(default, SnapshotCompression.None)), EmptySnapshot);
        disk.Put(LogPath, input);
        RecoveredState state;
        RecoveryReport report;
        try
        {
            (state, report) = StateCheck.Recover(disk);
        }
        catch (StorageException e)
        {
            BrokenPromiseException.Unless(e.Message.Contains(LogPath, StringComparison.Ordinal), $"an error names the file: {e.Message}");
            var place = e.Message.Contains("offset", StringComparison.Ordinal)
                || e.Message.Contains("is missing", StringComparison.Ordinal);
            BrokenPromiseException.Unless(place, $"an error tells where: {e.Message}");
            return e.Message;
        }

        // What was cut off is gone; a second start finds the same.
        var (again, second) = StateCheck.Recover(disk);
        BrokenPromiseException.Unless(StateDump.Of(again) == StateDump.Of(state), "a second start comes to the same state");
        BrokenPromiseException.Unless(second.LastZxid == report.LastZxid, "a second start comes to the same zxid");
        StateCheck.Check(state);
        return $"{report.Transactions} transactions, {state.DigestMismatches} mismatches, {string.Join(';', report.Remarks)}";
    }

    private static byte[] WriteEmptySnapshot()
    {
        var disk = new MemoryDisk();
        disk.CreateDirectory(StateCheck.Directory);
        using (var server = new FuzzedServer(new RecoveredState(StateCheck.Options), disk))
            server.WriteSnapshot();
        return disk.Get(DataFiles.Snapshots(disk, StateCheck.Directory)[0].Path);
    }
}
