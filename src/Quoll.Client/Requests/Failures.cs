using Quoll.Protocol;

namespace Quoll.Client.Requests;

/// <summary>Failures as exceptions, with a message that says what was tried, where, and what came of it.</summary>
internal static class Failures
{
    public static Exception ToException(Failure failure, Request request)
    {
        var message = $"{Names.Of(request.OpCode)}{(request.Path is null ? "" : $" {request.Path}")}: {Describe(failure)}";
        if (failure.Canceled.IsCancellationRequested)
            return new RequestCanceledException(failure.Outcome, message, failure.Canceled);
        if (failure.FailedIndex >= 0)
            return new TransactionFailedException(failure.Error, failure.FailedIndex, request.Path, message);
        return failure.Error switch
        {
            ErrorCode.NoNode => new NoNodeException(request.Path, message),
            ErrorCode.NodeExists => new NodeExistsException(request.Path, message),
            ErrorCode.BadVersion => new BadVersionException(request.Path, message),
            ErrorCode.NotEmpty => new NotEmptyException(request.Path, message),
            ErrorCode.NoAuth or ErrorCode.AuthFailed => new NoAuthException(failure.Error, request.Path, message),
            ErrorCode.ConnectionLoss => new ConnectionLossException(failure.Outcome, request.Path, message),
            ErrorCode.SessionExpired => new SessionExpiredException(failure.Outcome, request.Path, message),
            ErrorCode.RequestTimeout => new RequestTimeoutException(failure.Outcome, request.Path, message),
            _ => new ZooKeeperException(failure.Error, failure.Outcome, request.Path, message),
        };
    }

    public static ZooKeeperException ToException(ErrorCode error, string what, string? path) =>
        new(error, RequestOutcome.Refused, path, $"{what}: {Meaning(error)}");

    private static string Describe(Failure failure)
    {
        var what = failure.Canceled.IsCancellationRequested ? "the caller gave up" : failure.Detail ?? Meaning(failure.Error);
        var where = failure.Server is null ? "" : $" ({failure.Server})";
        return failure.Outcome switch
        {
            RequestOutcome.NotSent => $"{what}; the request was not sent{where}",
            RequestOutcome.Unknown => $"{what}; whether the request was carried out is not known{where}",
            _ => $"{what}{where}",
        };
    }

    private static string Meaning(ErrorCode error) => error switch
    {
        ErrorCode.NoNode => "the znode does not exist",
        ErrorCode.NodeExists => "the znode exists already",
        ErrorCode.BadVersion => "the znode has another version",
        ErrorCode.NotEmpty => "the znode has children",
        ErrorCode.NoAuth => "the ACL does not allow it",
        ErrorCode.AuthFailed => "the credentials were refused",
        ErrorCode.InvalidAcl => "the ACL is not one that a znode can have",
        ErrorCode.NoChildrenForEphemerals => "the parent is ephemeral, and so has no children",
        ErrorCode.BadArguments => "the server takes the arguments for bad",
        ErrorCode.MarshallingError => "the server could not read the request",
        ErrorCode.Unimplemented => "the server does not know this request, or has it switched off",
        ErrorCode.NotReadOnly => "the server has no quorum, and serves reads only",
        ErrorCode.SessionExpired => "the session has ended",
        ErrorCode.SessionMoved => "the session is with another server by now",
        ErrorCode.ConnectionLoss => "the connection was lost",
        ErrorCode.QuotaExceeded => "a quota does not allow it",
        ErrorCode.ThrottledOp => "the server has too much to do",
        ErrorCode.NoWatcher => "there is no such watch",
        ErrorCode.RuntimeInconsistency => "an operation before it failed",
        ErrorCode.ReconfigDisabled => "reconfiguration is switched off",
        ErrorCode.ReconfigInProgress => "another reconfiguration is under way",
        ErrorCode.NewConfigNoQuorum => "too few servers of the new configuration are in step",
        _ => $"the server answered {error} ({(int)error})",
    };
}
