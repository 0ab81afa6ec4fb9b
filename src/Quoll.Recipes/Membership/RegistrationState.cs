namespace Quoll.Recipes;

/// <summary>How an <see cref="EphemeralRegistration"/> stands.</summary>
public enum RegistrationState
{
    /// <summary>The znode is not there, or not with its data, as far as is known; it is being seen to.</summary>
    Pending,

    /// <summary>The znode is there, is this session's, and has the data that was given last.</summary>
    Registered,

    /// <summary>The znode is somebody else's: of a session that is not ours, or of none. It is taken once it is gone.</summary>
    Taken,

    /// <summary>It was disposed of, or the client was.</summary>
    Closed,
}
