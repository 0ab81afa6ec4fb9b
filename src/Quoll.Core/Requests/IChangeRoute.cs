using Quoll.Core.Sessions;
using Quoll.Protocol;

namespace Quoll.Core.Requests;

/// <summary>
/// Where changes of this server's clients go to get their place among all changes: into the leader's own queue, or to the leader. Each
/// becomes one transaction, in the order in which they were given; its number is known at once only where the leader is here.
/// </summary>
internal interface IChangeRoute
{
    /// <summary>Bytes of what is under way.</summary>
    long Bytes { get; }

    /// <summary>The number of the transaction, or 0 where it is not known yet.</summary>
    long Change(OpCode op, ReadOnlySpan<byte> body, Client client, int xid, long wallClock);

    long CreateSession(Session session, long wallClock);

    /// <summary>Ends a session.</summary>
    /// <param name="session">The session.</param>
    /// <param name="xid">That of the client's request, or 0.</param>
    /// <param name="wallClock">The time it is stamped with.</param>
    long CloseSession(Session session, int xid, long wallClock);

    /// <summary>True if a sync has to ask the leader; it is then answered when the leader has.</summary>
    bool TrySync(Client client, int xid, ReadOnlySpan<byte> body);

    /// <summary>
    /// Asks the leader whether a session lives, for a client that came with it; the answer comes later. False where the leader is here,
    /// and the tracker knows.
    /// </summary>
    bool TryRevalidate(Client client, long sessionId, int timeout);

    /// <summary>A transaction was applied.</summary>
    void OnApplied(long zxid);
}
