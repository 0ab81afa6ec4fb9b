using Microsoft.Extensions.Logging;
using Quoll.Core;

namespace Quoll.Server.Peers;

/// <summary>What an operator follows elections and synchronisations by.</summary>
internal static partial class PeerLogMessages
{
    public static void PeerNotice(this ILogger logger, Notice notice)
    {
        switch (notice.Kind)
        {
            case NoticeKind.Looking:
                logger.Looking(notice.Text);
                break;
            case NoticeKind.ServingReads:
                logger.ServingReads(notice.Text);
                break;
            case NoticeKind.Elected:
                logger.Elected(notice.Id, notice.Text);
                break;
            case NoticeKind.Leading:
                logger.Leading(notice.Text);
                break;
            case NoticeKind.Following:
                logger.Following(notice.Id, notice.Text);
                break;
            case NoticeKind.RoleEnded:
                logger.RoleEnded(notice.Id, notice.Text);
                break;
            case NoticeKind.LearnerInSync:
                logger.LearnerInSync(notice.Id, notice.Text);
                break;
            case NoticeKind.LearnerRefused:
                logger.LearnerRefused(notice.Id, notice.Text);
                break;
            case NoticeKind.NotificationDropped:
                logger.NotificationDropped(notice.Id, notice.Text);
                break;
            case NoticeKind.StrangerRefused:
                logger.StrangerRefused(notice.Text);
                break;
            case NoticeKind.LearnerNotListed:
                logger.LearnerNotListed(notice.Id, notice.Text);
                break;
            case NoticeKind.ConfigDiffers:
                logger.ConfigDiffers(notice.Id, notice.Text);
                break;
            case NoticeKind.DatagramDropped:
                logger.DatagramDropped(notice.Text);
                break;
            case NoticeKind.NoAnswer:
                logger.NoAnswer(notice.Text);
                break;
        }
    }

    [LoggerMessage(40, LogLevel.Information, "looking for a leader; {Has}")]
    private static partial void Looking(this ILogger logger, string? has);

    [LoggerMessage(41, LogLevel.Information, "server {Leader} was elected, {What}")]
    private static partial void Elected(this ILogger logger, long leader, string? what);

    [LoggerMessage(39, LogLevel.Warning, "no leader: clients that allow it are served reads, {What}, until there is one")]
    private static partial void ServingReads(this ILogger logger, string? what);

    [LoggerMessage(42, LogLevel.Information, "this server leads, {Epoch}")]
    private static partial void Leading(this ILogger logger, string? epoch);

    [LoggerMessage(43, LogLevel.Information, "this server follows server {Leader}, {Epoch}")]
    private static partial void Following(this ILogger logger, long leader, string? epoch);

    [LoggerMessage(44, LogLevel.Warning, "the time with server {Leader} as the leader is over: {Why}")]
    private static partial void RoleEnded(this ILogger logger, long leader, string? why);

    [LoggerMessage(45, LogLevel.Information, "server {Learner} is in sync: {How}")]
    private static partial void LearnerInSync(this ILogger logger, long learner, string? how);

    [LoggerMessage(46, LogLevel.Warning, "server {Learner} was disconnected: {Why}")]
    private static partial void LearnerRefused(this ILogger logger, long learner, string? why);

    [LoggerMessage(47, LogLevel.Warning, "server {Server} sent {What}; it is dropped")]
    private static partial void NotificationDropped(this ILogger logger, long server, string? what);

    [LoggerMessage(67, LogLevel.Warning, "the configuration of server {Server} is another than this server's; {Difference}")]
    private static partial void ConfigDiffers(this ILogger logger, long server, string? difference);

    [LoggerMessage(48, LogLevel.Warning, "refused a server's connection from {Remote}: {Why}")]
    public static partial void PeerRefused(this ILogger logger, string remote, string why);

    [LoggerMessage(49, LogLevel.Warning, "cut off {Remote}: it does not take what it is sent, and has to come again")]
    public static partial void PeerCutOff(this ILogger logger, string remote);

    [LoggerMessage(50, LogLevel.Information, "server {Server} can't be reached yet: {Why}")]
    public static partial void PeerNotReached(this ILogger logger, long server, string why);

    [LoggerMessage(51, LogLevel.Debug, "connected for elections with server {Server}, {Remote}")]
    public static partial void ElectionConnected(this ILogger logger, long server, string remote);

    [LoggerMessage(52, LogLevel.Debug, "the connection for elections with server {Server} ended")]
    public static partial void ElectionDisconnected(this ILogger logger, long server);

    [LoggerMessage(53, LogLevel.Information, "{Part} was sent to {Remote} in {Ms} ms")]
    public static partial void HistorySent(this ILogger logger, string part, string remote, long ms);

    [LoggerMessage(54, LogLevel.Warning, "{Part} could not be sent to {Remote}: {Why}")]
    public static partial void HistoryNotSent(this ILogger logger, string part, string remote, string why);

    [LoggerMessage(55, LogLevel.Warning, "this server's own address {Host} can't be resolved: it waits for the others at every address")]
    public static partial void OwnAddressUnknown(this ILogger logger, string host);

    [LoggerMessage(68, LogLevel.Warning,
        "the data directory {Directory} is empty, and db.autocreate=false: its disk was lost. This server has no say until a leader "
        + "has sent it everything. If it is to be new, stop it and create the file {Marker}")]
    public static partial void LostServer(this ILogger logger, string directory, string marker);

    [LoggerMessage(56, LogLevel.Warning, "the history was cut after {Zxid}, as the leader has it")]
    public static partial void HistoryCut(this ILogger logger, string zxid);

    [LoggerMessage(57, LogLevel.Information, "the leader's snapshot of {Zxid} is on disk and replaces all that was there")]
    public static partial void HistoryAdopted(this ILogger logger, string zxid);

    [LoggerMessage(58, LogLevel.Warning,
        "the history can't be cut after {Zxid}, as the leader has it: every snapshot here is newer. The leader is asked for a whole tree")]
    public static partial void HistoryNotCut(this ILogger logger, string zxid);

    [LoggerMessage(59, LogLevel.Warning, "refused a server's connection from {FromAndWhy}")]
    private static partial void StrangerRefused(this ILogger logger, string? fromAndWhy);

    [LoggerMessage(60, LogLevel.Warning,
        "server {Learner} ({Remote}) follows, and the configuration here has no such server: it is served, and counts for nothing")]
    private static partial void LearnerNotListed(this ILogger logger, long learner, string? remote);

    [LoggerMessage(61, LogLevel.Information,
        "server {Server} has connected for elections again, from {Remote}; its connection from {Before} is closed. "
        + "If this goes on, two servers have one number")]
    public static partial void ElectionReplaced(this ILogger logger, long server, string remote, string before);

    [LoggerMessage(62, LogLevel.Warning,
        "server {Server}, which the configuration here does not have, has connected for elections from {Remote}: its vote does not count")]
    public static partial void ElectionStranger(this ILogger logger, long server, string remote);

    [LoggerMessage(63, LogLevel.Warning, "dropped a datagram from {FromAndWhy}")]
    private static partial void DatagramDropped(this ILogger logger, string? fromAndWhy);

    [LoggerMessage(64, LogLevel.Information, "still looking for a leader; there is no answer from server {Servers}")]
    private static partial void NoAnswer(this ILogger logger, string? servers);

    [LoggerMessage(65, LogLevel.Debug, "a datagram could not be received: {Why}")]
    public static partial void DatagramNotReceived(this ILogger logger, string why);

    [LoggerMessage(66, LogLevel.Debug, "an answer could not be sent to {Remote}: {Why}")]
    public static partial void DatagramNotSent(this ILogger logger, string remote, string why);
}
