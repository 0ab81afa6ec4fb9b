using Microsoft.Extensions.Logging;
using Quoll.Client.Session;

namespace Quoll.Client;

/// <summary>Everything that the client says in the log. Data of znodes is never in it.</summary>
internal static partial class LogMessages
{
    [LoggerMessage(1, LogLevel.Information, "{State}: session {Session}, server {Server}. {Reason}")]
    public static partial void Changed(this ILogger logger, ConnectionState state, string session, string server, string reason);

    [LoggerMessage(2, LogLevel.Debug, "No connection to {Server}: {Why}")]
    public static partial void AttemptFailed(this ILogger logger, ServerAddress server, string why);

    [LoggerMessage(3, LogLevel.Debug, "The session was not closed, and lives until it times out: {Why}")]
    public static partial void FarewellLost(this ILogger logger, string why);
}
