namespace Quoll.Client;

/// <summary>How a client stands to the ensemble.</summary>
public enum ConnectionState
{
    /// <summary>There is no session yet, or no longer, and a server is being looked for.</summary>
    Connecting,

    /// <summary>There is a session, and a server that serves it.</summary>
    Connected,

    /// <summary>Connected to a server without a quorum: it answers reads, and refuses changes.</summary>
    ConnectedReadOnly,

    /// <summary>The connection was lost. The session may live on; a server is being looked for.</summary>
    Suspended,

    /// <summary>A server refused the client's credentials. This client will not connect again.</summary>
    AuthenticationFailed,

    /// <summary>The client was disposed of.</summary>
    Closed,
}

/// <summary>A client's state has changed.</summary>
/// <param name="State">What it is now.</param>
/// <param name="Session">The session that it has; null before the first, and after one that ended until there is the next.</param>
/// <param name="Server">The server it is connected to, or was last; null before the first.</param>
/// <param name="Reason">Why, in words, where something was lost.</param>
public sealed record StateChange(ConnectionState State, ZooKeeperSession? Session, string? Server, string? Reason);
