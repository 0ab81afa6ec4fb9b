using Microsoft.Extensions.Logging;

namespace Quoll.Extensions;

/// <summary>Everything that these extensions say in the log.</summary>
internal static partial class LogMessages
{
    [LoggerMessage(1, LogLevel.Information, "{Service} runs here: this host leads {Path}, token {Token}")]
    public static partial void Leads(this ILogger logger, string service, string path, long token);

    [LoggerMessage(2, LogLevel.Information, "{Service} has ended; others may lead {Path}")]
    public static partial void StandsDown(this ILogger logger, string service, string path);

    [LoggerMessage(3, LogLevel.Warning, "{Service} was stopped: this host may not lead {Path} any more")]
    public static partial void LostLead(this ILogger logger, string service, string path);

    [LoggerMessage(4, LogLevel.Error, "{Service} failed; others may lead {Path}")]
    public static partial void Failed(this ILogger logger, Exception error, string service, string path);

    [LoggerMessage(5, LogLevel.Warning, "This host can't stand for {Path} now: {Why}")]
    public static partial void CannotStand(this ILogger logger, string path, string why);

    [LoggerMessage(6, LogLevel.Warning, "The configuration below {Path} was not read, and stays as it was: {Why}")]
    public static partial void ConfigurationNotRead(this ILogger logger, string path, string why);

    [LoggerMessage(7, LogLevel.Warning, "The copy of the configuration in {File} was not written: {Why}")]
    public static partial void CopyNotWritten(this ILogger logger, string file, string why);

    [LoggerMessage(8, LogLevel.Error, "Somebody who was told that the configuration below {Path} has changed failed")]
    public static partial void ListenerFailed(this ILogger logger, Exception error, string path);
}
