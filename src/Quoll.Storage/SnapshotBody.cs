using System.IO.Compression;
using Quoll.Protocol;
using Quoll.Protocol.Jute;
using Quoll.Protocol.Records;
using Quoll.Storage.Compression;

namespace Quoll.Storage;

/// <summary>
/// The body of a snapshot on disk, which is what a leader sends to a learner: sessions, lists and znodes, without the header before and the
/// seals behind them.
/// </summary>
public static class SnapshotBody
{
    private const int BlockSize = 256 * 1024;

    /// <summary>Reads it, whole parts at a time.</summary>
    /// <param name="disk">The disk.</param>
    /// <param name="directory">Where the snapshots are.</param>
    /// <param name="zxid">The snapshot's name.</param>
    /// <param name="take">Called with the bytes; false ends the reading.</param>
    /// <returns>False if there is no such snapshot, or the reading was ended.</returns>
    /// <exception cref="InvalidDataException">It is damaged.</exception>
    public static bool Read(IDisk disk, string directory, Zxid zxid, Func<ReadOnlyMemory<byte>, bool> take)
    {
        var found = DataFiles.Snapshots(disk, directory).FindLast(snapshot => snapshot.Zxid == zxid);
        if (found.Path is null)
            return false;
        using var file = new DiskFileStream(disk.Open(found.Path));
        using var stream = Decompress(file, found.Path);
        var parser = new SnapshotParser(new Nobody());
        var buffer = new byte[BlockSize];
        stream.ReadExactly(buffer, 0, SnapshotFileWriter.HeaderLength);
        var filled = 0;
        while (true)
        {
            if (filled == buffer.Length)
                Array.Resize(ref buffer, buffer.Length * 2);
            var read = stream.Read(buffer, filled, buffer.Length - filled);
            if (read == 0)
                throw new InvalidDataException($"{found.Path}: the file ends too early");
            filled += read;
            var taken = parser.Take(buffer.AsSpan(0, filled));
            if (taken > 0 && !take(buffer.AsMemory(0, taken)))
                return false;
            if (parser.Complete)
                return true;
            buffer.AsSpan(taken, filled - taken).CopyTo(buffer);
            filled -= taken;
        }
    }

    private static Stream Decompress(Stream file, string path) => DataFiles.CompressionOf(path) switch
    {
        SnapshotCompression.Gzip => new GZipStream(file, CompressionMode.Decompress),
        SnapshotCompression.Snappy => new SnappyStream(file, CompressionMode.Decompress),
        _ => file,
    };

    /// <summary>Only the boundaries of the parts matter.</summary>
    private sealed class Nobody : ISnapshotHandler
    {
        public void OnSession(long sessionId, int timeout)
        {
        }

        public void OnAcl(long key, JuteVector<Acl> acl)
        {
        }

        public void OnZnode(JuteBytes path, JuteBytes data, long aclKey, in StatPersisted stat)
        {
        }

        public void OnDigest(Zxid zxid, int version, long digest)
        {
        }
    }
}
