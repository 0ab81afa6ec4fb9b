using Quoll.Protocol;

namespace Quoll.Client;

/// <summary>Whether a request that failed may have been carried out nevertheless.</summary>
public enum RequestOutcome
{
    /// <summary>It never left: it has certainly not been carried out, and can safely be made again.</summary>
    NotSent,

    /// <summary>It left, and its answer was lost: a change may have been made, or not.</summary>
    Unknown,

    /// <summary>A server answered that it refuses: nothing was changed.</summary>
    Refused,
}

/// <summary>A request failed. What callers may want to tell apart has an exception of its own.</summary>
public class ZooKeeperException(ErrorCode error, RequestOutcome outcome, string? path, string message) : Exception(message)
{
    /// <summary>The protocol's word for what went wrong.</summary>
    public ErrorCode Error { get; } = error;

    /// <summary>Whether the request may have been carried out nevertheless.</summary>
    public RequestOutcome Outcome { get; } = outcome;

    /// <summary>What the request was about; null where it was about no znode.</summary>
    public string? Path { get; } = path;
}

/// <summary>The znode does not exist; or, for a create, its parent does not.</summary>
public sealed class NoNodeException(string? path, string message)
    : ZooKeeperException(ErrorCode.NoNode, RequestOutcome.Refused, path, message);

/// <summary>The znode exists already.</summary>
public sealed class NodeExistsException(string? path, string message)
    : ZooKeeperException(ErrorCode.NodeExists, RequestOutcome.Refused, path, message);

/// <summary>The znode has another version than the one that was expected.</summary>
public sealed class BadVersionException(string? path, string message)
    : ZooKeeperException(ErrorCode.BadVersion, RequestOutcome.Refused, path, message);

/// <summary>The znode has children, and can't be deleted.</summary>
public sealed class NotEmptyException(string? path, string message)
    : ZooKeeperException(ErrorCode.NotEmpty, RequestOutcome.Refused, path, message);

/// <summary>The ACL does not allow it; or the credentials were refused, where <see cref="ZooKeeperException.Error"/> is
/// <see cref="ErrorCode.AuthFailed"/>.</summary>
public sealed class NoAuthException(ErrorCode error, string? path, string message)
    : ZooKeeperException(error, RequestOutcome.Refused, path, message);

/// <summary>
/// The connection was lost before the answer came; or the request waited behind a change that was lost with it. The session may live on.
/// </summary>
public sealed class ConnectionLossException(RequestOutcome outcome, string? path, string message)
    : ZooKeeperException(ErrorCode.ConnectionLoss, outcome, path, message);

/// <summary>The session to which the request belonged has ended, and its ephemeral znodes with it, now or soon.</summary>
public sealed class SessionExpiredException(RequestOutcome outcome, string? path, string message)
    : ZooKeeperException(ErrorCode.SessionExpired, outcome, path, message);

/// <summary>No answer came within the time that the client's options allow.</summary>
public sealed class RequestTimeoutException(RequestOutcome outcome, string? path, string message)
    : ZooKeeperException(ErrorCode.RequestTimeout, outcome, path, message);

/// <summary>A transaction was refused as a whole, because of one of its operations.</summary>
public sealed class TransactionFailedException(ErrorCode error, int failedIndex, string? path, string message)
    : ZooKeeperException(error, RequestOutcome.Refused, path, message)
{
    /// <summary>The place of the operation that failed, from 0 on.</summary>
    public int FailedIndex { get; } = failedIndex;
}

/// <summary>The caller no longer wanted the answer.</summary>
public sealed class RequestCanceledException(RequestOutcome outcome, string message, CancellationToken token)
    : OperationCanceledException(message, token)
{
    /// <summary>Whether the request may have been carried out nevertheless.</summary>
    public RequestOutcome Outcome { get; } = outcome;
}
