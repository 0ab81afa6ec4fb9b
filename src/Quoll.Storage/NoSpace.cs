namespace Quoll.Storage;

/// <summary>Tells a disk without room from one that failed: the first is waited for, the second ends the server.</summary>
internal static class NoSpace
{
    /// <summary>Linux's ENOSPC.</summary>
    public const int Error = 28;

    /// <summary>Linux's EDQUOT: the user's share is used up.</summary>
    public const int QuotaError = 122;

    private const int WindowsDiskFull = unchecked((int)0x80070070);
    private const int WindowsHandleDiskFull = unchecked((int)0x80070027);

    public static bool Is(IOException e) => e.HResult is Error or QuotaError or WindowsDiskFull or WindowsHandleDiskFull;
}
