using Microsoft.Extensions.Logging;
using Quoll.Core;
using Quoll.Server.Peers;

namespace Quoll.Server;

/// <summary>Every line that the server writes to its log.</summary>
internal static partial class LogMessages
{
    [LoggerMessage(1, LogLevel.Information, "quoll {Version} starting with {Config}")]
    public static partial void Starting(this ILogger logger, string version, string config);

    [LoggerMessage(2, LogLevel.Warning, "{Problem}")]
    public static partial void ConfigWarning(this ILogger logger, string problem);

    [LoggerMessage(3, LogLevel.Information,
        "loaded {Znodes} znodes and {Sessions} sessions up to {Zxid}: {Snapshot} in {SnapshotMs} ms, "
        + "then {Txns} transactions in {LogMs} ms")]
    public static partial void Recovered(
        this ILogger logger, int znodes, int sessions, string zxid, string snapshot, long snapshotMs, long txns, long logMs);

    [LoggerMessage(4, LogLevel.Information, "the data directory {Directory} is empty: this is a new server")]
    public static partial void NewServer(this ILogger logger, string directory);

    [LoggerMessage(5, LogLevel.Warning, "{Remark}")]
    public static partial void RecoveryRemark(this ILogger logger, string remark);

    [LoggerMessage(6, LogLevel.Information, "listening for clients on {EndPoint}; ready {Ms} ms after the start")]
    public static partial void Serving(this ILogger logger, string endPoint, long ms);

    [LoggerMessage(7, LogLevel.Information, "stopping")]
    public static partial void Stopping(this ILogger logger);

    [LoggerMessage(8, LogLevel.Information, "stopped cleanly at {Zxid}")]
    public static partial void Stopped(this ILogger logger, string zxid);

    [LoggerMessage(9, LogLevel.Critical, "the server must stop: {What}")]
    public static partial void Failed(this ILogger logger, string what, Exception exception);

    [LoggerMessage(10, LogLevel.Warning, "a sync of the log took {Ms} ms; changes wait for it")]
    public static partial void SlowSync(this ILogger logger, long ms);

    [LoggerMessage(11, LogLevel.Information, "snapshot written: {Path}, {Bytes} bytes")]
    public static partial void SnapshotWritten(this ILogger logger, string path, long bytes);

    [LoggerMessage(12, LogLevel.Error, "a snapshot could not be written; the log has everything, and the next one may do: {Reason}")]
    public static partial void SnapshotFailed(this ILogger logger, string reason);

    [LoggerMessage(13, LogLevel.Information, "removed {Count} old snapshots and logs")]
    public static partial void Purged(this ILogger logger, int count);

    [LoggerMessage(14, LogLevel.Error, "old snapshots and logs could not be removed: {Reason}")]
    public static partial void PurgeFailed(this ILogger logger, string reason);

    [LoggerMessage(15, LogLevel.Warning, "{Count} replayed transactions left another digest than was logged with them")]
    public static partial void ReplayDigestMismatches(this ILogger logger, long count);

    [LoggerMessage(16, LogLevel.Warning, "refused a connection from {Address}: {Reason}")]
    public static partial void ConnectionRefused(this ILogger logger, string address, string reason);

    [LoggerMessage(17, LogLevel.Warning, "cut off {Address}, session 0x{Session:x}: it does not read what is sent to it")]
    public static partial void CutOff(this ILogger logger, long session, string address);

    public static void Notice(this ILogger logger, Notice notice)
    {
        switch (notice.Kind)
        {
            case NoticeKind.SessionCreated:
                logger.SessionCreated(notice.Id, notice.Value, notice.Text);
                break;
            case NoticeKind.SessionClosed:
                logger.SessionClosed(notice.Id);
                break;
            case NoticeKind.SessionExpired:
                logger.SessionExpired(notice.Id, notice.Value);
                break;
            case NoticeKind.SessionReattached:
                logger.SessionReattached(notice.Id, notice.Value, notice.Text);
                break;
            case NoticeKind.SessionRefused:
                logger.SessionRefused(notice.Id, notice.Text);
                break;
            case NoticeKind.ClientAheadOfServer:
                logger.ClientAhead(notice.Text, notice.Value);
                break;
            case NoticeKind.AuthenticationFailed:
                logger.AuthenticationFailed(notice.Id, notice.Text);
                break;
            case NoticeKind.QuotaExceeded:
                logger.QuotaExceeded(notice.Text);
                break;
            case NoticeKind.DigestMismatch:
                logger.DigestMismatch(notice.Id, notice.Value);
                break;
            case NoticeKind.DiskFull:
                logger.DiskFull();
                break;
            case NoticeKind.DiskHasRoom:
                logger.DiskHasRoom();
                break;
            case NoticeKind.TimePassedUnseen:
                logger.TimePassedUnseen(notice.Value);
                break;
            default:
                logger.PeerNotice(notice);
                break;
        }
    }

    [LoggerMessage(20, LogLevel.Debug, "session 0x{Id:x} created, timeout {Timeout} ms, for {Address}")]
    private static partial void SessionCreated(this ILogger logger, long id, long timeout, string? address);

    [LoggerMessage(21, LogLevel.Debug, "session 0x{Id:x} closed")]
    private static partial void SessionClosed(this ILogger logger, long id);

    [LoggerMessage(22, LogLevel.Information, "session 0x{Id:x} expired: nothing was heard of it for {Timeout} ms")]
    private static partial void SessionExpired(this ILogger logger, long id, long timeout);

    [LoggerMessage(23, LogLevel.Debug, "session 0x{Id:x} came back, timeout {Timeout} ms, from {Address}")]
    private static partial void SessionReattached(this ILogger logger, long id, long timeout, string? address);

    [LoggerMessage(24, LogLevel.Information, "session 0x{Id:x} asked for by {Address} is over, unknown, or the password is wrong")]
    private static partial void SessionRefused(this ILogger logger, long id, string? address);

    [LoggerMessage(25, LogLevel.Warning, "refused {Address}, which has seen 0x{Zxid:x}: further than this server is")]
    private static partial void ClientAhead(this ILogger logger, string? address, long zxid);

    [LoggerMessage(26, LogLevel.Warning, "session 0x{Id:x} failed to authenticate with the scheme '{Scheme}'")]
    private static partial void AuthenticationFailed(this ILogger logger, long id, string? scheme);

    [LoggerMessage(27, LogLevel.Warning, "quota of {What}")]
    private static partial void QuotaExceeded(this ILogger logger, string? what);

    [LoggerMessage(28, LogLevel.Error,
        "after 0x{Zxid:x} the digest of the tree is not what the transaction says; there were {Count} such; said once a minute")]
    private static partial void DigestMismatch(this ILogger logger, long zxid, long count);

    [LoggerMessage(29, LogLevel.Error, "the disk of the log is full: changes are refused until there is room; reads go on")]
    private static partial void DiskFull(this ILogger logger);

    [LoggerMessage(30, LogLevel.Information, "the disk of the log has room again: changes are taken")]
    private static partial void DiskHasRoom(this ILogger logger);

    [LoggerMessage(31, LogLevel.Warning, "this process did not run for {Ms} ms; sessions are not held to account for that time")]
    private static partial void TimePassedUnseen(this ILogger logger, long ms);
}
