using System.Buffers.Binary;
using Quoll.Protocol;
using Quoll.Storage;

namespace Quoll.Tests.Storage;

/// <summary>Writes and reads whole log directories, for the tests of them.</summary>
internal static class LogFiles
{
    public const string Directory = "/data/version-2";
    public const int MaxTxn = 64 * 1024;

    public static TxnLogOptions Unpadded => new(PreAllocSize: 0);

    public static TxnLogOptions Padded => new(PreAllocSize: 8192);

    /// <summary>A body that has no zeros, so that no part of it could be one that was never written.</summary>
    public static byte[] Body(Random random, int length)
    {
        var body = new byte[length];
        for (var i = 0; i < length; i++)
            body[i] = (byte)random.Next(1, 256);
        return body;
    }

    /// <summary>Writes one file whose transactions are numbered from 1; returns its path.</summary>
    public static string Write(MemoryDisk disk, TxnLogOptions options, params byte[][] txns)
    {
        using var log = new TxnLog(disk, Directory, options);
        var zxid = 1L;
        foreach (var txn in txns)
            log.Append(new Zxid(zxid++), txn);
        log.Sync();
        return Path.Combine(Directory, "log.1");
    }

    /// <summary>The transactions of a file, and where and how it ended.</summary>
    public static (List<byte[]> Txns, long Position, bool Torn) Read(MemoryDisk disk, string path)
    {
        using var reader = new TxnLogReader(disk, path, MaxTxn);
        var txns = new List<byte[]>();
        while (reader.TryRead(out var txn))
            txns.Add(txn.ToArray());
        return (txns, reader.Position, reader.Torn);
    }

    public static List<byte[]> ReadAll(MemoryDisk disk) =>
        [.. DataFiles.Logs(disk, Directory).SelectMany(log => Read(disk, log.Path).Txns)];

    /// <summary>That these are those, without the long look that a list of lists takes.</summary>
    public static void AssertSame(IEnumerable<byte[]> expected, IReadOnlyList<byte[]> actual)
    {
        var index = 0;
        foreach (var txn in expected)
        {
            Assert.True(index < actual.Count, $"there are only {actual.Count} transactions");
            Assert.True(txn.AsSpan().SequenceEqual(actual[index]), $"transaction {index} differs");
            index++;
        }

        Assert.Equal(index, actual.Count);
    }

    /// <summary>Where each record of a file begins, and where the last ends.</summary>
    public static List<int> Offsets(byte[] file)
    {
        var offsets = new List<int>();
        var at = 16;
        for (; at + 12 < file.Length && BinaryPrimitives.ReadInt32BigEndian(file.AsSpan(at + 8)) is > 0 and var length; at += 13 + length)
            offsets.Add(at);
        offsets.Add(at);
        return offsets;
    }
}
