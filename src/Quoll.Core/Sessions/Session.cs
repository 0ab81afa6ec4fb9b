using Quoll.Core.Requests;

namespace Quoll.Core.Sessions;

/// <summary>A session as this server tracks it.</summary>
internal sealed class Session(long id, int timeout)
{
    public long Id { get; } = id;

    /// <summary>Milliseconds without a word from the client after which the session ends.</summary>
    public int Timeout { get; set; } = timeout;

    /// <summary>The connection that speaks for the session, if any.</summary>
    public Client? Client { get; set; }

    /// <summary>The owner of a session whose client is, or was last, connected here.</summary>
    public static readonly object Here = new();

    /// <summary>
    /// On a leader, or a follower that serves observers: the learner that speaks for the session, or <see cref="Here"/>; null while that
    /// is not known.
    /// </summary>
    public object? Owner { get; set; }

    /// <summary>On a leader: who a learner's client has proved to be, as it was said with its last change; null before the first.</summary>
    public ForwardedIdentities? Identities { get; set; }

    /// <summary>On a learner: on the list of sessions heard of since the leader's last ping.</summary>
    public bool Touched { get; set; }

    /// <summary>Known here alone: no transaction has made it, and none ends it.</summary>
    public bool IsLocal { get; set; }

    /// <summary>Its end is a transaction under way: nothing more is taken from it.</summary>
    public bool Closing { get; set; }

    /// <summary>The tick at whose end it expires, in milliseconds; 0 while not tracked.</summary>
    public long Expiry { get; set; }

    public Session? NextInBucket { get; set; }

    public Session? PreviousInBucket { get; set; }
}
