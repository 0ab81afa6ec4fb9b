using Quoll.Client;
using Quoll.Protocol;

namespace Quoll.Cli.Shell;

/// <summary>What went wrong, for people: zkCli's words first, then which server said so and what can be done.</summary>
internal static class Errors
{
    public static string Explain(ZooKeeperException e, ZooKeeperClient? client)
    {
        var words = e is TransactionFailedException { FailedIndex: >= 0 and var index }
            ? $"Nothing was done: operation {index + 1} was refused ({e.Error})"
            : Words(e);
        var root = client?.Root is { Length: > 0 } chroot ? $", below {chroot}" : "";
        var server = client?.State.Server is { } told ? $" (asked {told}{root})" : "";

        // The client's own message has the server in it, and what became of the request.
        var what = words is null ? e.Message : words + server;
        var todo = e.Error switch
        {
            ErrorCode.NoNode when e is not TransactionFailedException => null,
            ErrorCode.NoAuth => "See who you are by whoami and what is allowed by getAcl; become somebody by addauth or --auth.",
            ErrorCode.NotEmpty => "deleteall removes a znode with all below it.",
            ErrorCode.BadVersion => "Somebody has changed it: look at it again, or leave the version out.",
            ErrorCode.QuotaExceeded => "listquota shows the limits.",
            _ when e.Outcome == RequestOutcome.Unknown => "Look whether it was carried out, before you do it again.",
            ErrorCode.ConnectionLoss => "Is --server right, and does the server run? quoll status asks each one.",
            ErrorCode.Unimplemented => "This server does not know the request: it may be older, or have it turned off.",
            ErrorCode.ReconfigDisabled =>
                "Servers that are to allow it have reconfigEnabled=true. Quoll's leaders never do: their servers go by their files.",
            _ => null,
        };
        return todo is null ? what : $"{what}\n{todo}";
    }

    public static int ToExitCode(ZooKeeperException e) => e.Error switch
    {
        ErrorCode.ConnectionLoss or ErrorCode.SessionExpired or ErrorCode.OperationTimeout or ErrorCode.RequestTimeout => ExitCode.NoServer,
        _ => ExitCode.Refused,
    };

    // As zkCli says it, where it has words for it.
    private static string? Words(ZooKeeperException e) => e.Error switch
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
        ErrorCode.Unimplemented => $"KeeperErrorCode = Unimplemented for {e.Path}",
        ErrorCode.ReconfigDisabled => "KeeperErrorCode = Reconfig is disabled",
        ErrorCode.QuotaExceeded => $"Quota has exceeded : {e.Path}",
        _ => null,
    };
}
