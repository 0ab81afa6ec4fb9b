namespace Quoll.Cli;

/// <summary>What the exit codes of <c>quoll</c> mean. They do not change.</summary>
internal static class ExitCode
{
    public const int Clean = 0;

    /// <summary>What was asked for was refused, or is not there.</summary>
    public const int Refused = 1;

    /// <summary>The command line or the configuration is wrong.</summary>
    public const int Usage = 2;

    /// <summary>The data directory cannot be used.</summary>
    public const int DataDirectory = 3;

    /// <summary>A port cannot be had.</summary>
    public const int Port = 4;

    /// <summary>The server ended by itself.</summary>
    public const int Failed = 5;

    /// <summary>No server answered in time.</summary>
    public const int NoServer = 6;

    /// <summary>Ctrl+C, or told to end.</summary>
    public const int Interrupted = 130;
}
