using System.Buffers;
using System.IO.Pipelines;
using Microsoft.Extensions.Logging;
using Quoll.Core;
using Quoll.Protocol;
using Quoll.Storage;

namespace Quoll.Server.Peers;

/// <summary>
/// Sends parts of the history from disk, no faster than they are taken. It may read while others write: what it sends is synced.
/// </summary>
internal sealed class HistorySender(DataDirectory directory, int maxTxn, ILogger logger)
{
    private const int FlushAt = 256 * 1024;

    /// <summary>Returns once all of it is on its way; false if it is not there, or nobody takes it.</summary>
    public bool Send(in PeerEffect part, PipeWriter output, string to)
    {
        var began = PeerLoop.Now;
        try
        {
            var whole = part.Kind == PeerEffectKind.SendSnapshot ? SendSnapshot(part.From, output) : SendLog(part, output);
            if (whole && Flush(output))
            {
                logger.HistorySent(Name(part), to, PeerLoop.Now - began);
                return true;
            }

            logger.HistoryNotSent(Name(part), to, "it is not on disk any more, or the connection ended");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or InvalidDataException or OperationCanceledException
            or InvalidOperationException)
        {
            logger.HistoryNotSent(Name(part), to, e.Message);
        }

        return false;
    }

    private static string Name(in PeerEffect part) =>
        part.Kind == PeerEffectKind.SendSnapshot ? $"the snapshot of {part.From}" : $"the log after {part.From} up to {part.To}";

    private bool SendSnapshot(Zxid zxid, PipeWriter output)
    {
        var whole = SnapshotBody.Read(directory.Disk, directory.Snapshots, zxid, bytes =>
        {
            output.Write(bytes.Span);
            return Flush(output);
        });
        if (whole)
            LearnerPackets.WriteEndOfTree(output);
        return whole;
    }

    private bool SendLog(PeerEffect part, PipeWriter output)
    {
        var files = new HistoryFiles(directory.Disk, directory.Snapshots, directory.Logs, maxTxn);
        return files.Read(part.From, part.To, Take);

        bool Take(Zxid zxid, ReadOnlySpan<byte> txn)
        {
            if (part.Kind == PeerEffectKind.SendLogAsInforms)
                LearnerPackets.WriteInform(output, zxid, txn);
            else
                LearnerPackets.WriteCommitted(output, zxid, txn);
            return output.UnflushedBytes < FlushAt || Flush(output);
        }
    }

    // This thread has nothing else to do.
    private static bool Flush(PipeWriter output)
    {
        var flush = output.FlushAsync();
        return !(flush.IsCompleted ? flush.Result : flush.AsTask().GetAwaiter().GetResult()).IsCompleted;
    }
}
