using Quoll.Client;
using Quoll.Protocol;

namespace Quoll.Cli.Shell;

/// <summary>What went wrong, for people: zkCli's words first, then which server said so and what can be done.</summary>
internal static class Errors
{
    public static string Explain(ZooKeeperException e, ZooKeeperClient? client)
    {
        var what = e is TransactionFailedException { FailedIndex: >= 0 and var index }
            ? $"Nothing was done: operation {index + 1} was refused ({e.Error})"
            : Sentence(e);
        var root = client?.Root is { Length: > 0 } chroot ? $", below {chroot}" : "";
        var server = client?.State.Server is { } told ? $" (asked {told}{root})" : "";
        var todo = e.Error switch
        {
            ErrorCode.NoNode when e is not TransactionFailedException => null,
            ErrorCode.NoAuth => "See who you are by whoami and what is allowed by getAcl; become somebody by addauth or --auth.",
            ErrorCode.NotEmpty => "deleteall removes a znode with all below it.",
            ErrorCode.BadVersion => "Somebody has changed it: look at it again, or leave the version out.",
            ErrorCode.QuotaExceeded => "listquota shows the limits.",
            ErrorCode.ConnectionLoss => "Is --server right, and does the server run? quoll status asks each one.",
            ErrorCode.Unimplemented => "This server does not know the request: it may be older, or have it turned off.",
            _ => null,
        };
        var lost = e.Outcome == RequestOutcome.Unknown ? " Whether it was carried out is not known." : "";
        return todo is null ? what + server + lost : $"{what}{server}{lost}\n{todo}";
    }

    public static int ToExitCode(ZooKeeperException e) => e.Error switch
    {
        ErrorCode.ConnectionLoss or ErrorCode.SessionExpired or ErrorCode.OperationTimeout or ErrorCode.RequestTimeout => ExitCode.NoServer,
        _ => ExitCode.Refused,
    };

    private static string Sentence(ZooKeeperException e) => e.Error switch
    {
        ErrorCode.NoNode => $"Node does not exist: {e.Path}",
        ErrorCode.NoChildrenForEphemerals => $"Ephemerals cannot have children: {e.Path}",
        ErrorCode.NodeExists => $"Node already exists: {e.Path}",
        ErrorCode.NotEmpty => $"Node not empty: {e.Path}",
        ErrorCode.NotReadOnly => $"Not a read-only call: {e.Path}",
        ErrorCode.InvalidAcl => $"Acl is not valid : {e.Path}",
        ErrorCode.NoAuth => $"Insufficient permission : {e.Path}",
        ErrorCode.BadArguments => $"Arguments are not valid : {e.Path}",
        ErrorCode.BadVersion => $"version No is not valid : {e.Path}",
        ErrorCode.QuotaExceeded => $"Quota has exceeded : {e.Path}",
        _ => e.Message,
    };
}
