using Quoll.Server.Config;
using Quoll.Storage;

namespace Quoll.Server;

/// <summary>The data directory of a running server: made if need be, and locked, so that no second server works on it.</summary>
internal sealed class DataDirectory : IDisposable
{
    private const string LockName = "quoll.lock";

    // What a lock that another process holds is called on Linux, on macOS and on Windows; else the disk has something to say.
    private const int WouldBlock = 11;
    private const int WouldBlockOnMac = 35;
    private const int SharingViolation = unchecked((int)0x80070020);

    private readonly List<FileStream> _locks = [];

    public DataDirectory(StorageSettings settings, IDisk disk)
    {
        Disk = disk;
        Snapshots = Path.Combine(settings.DataDir, DataFiles.Version);
        Logs = Path.Combine(settings.LogDir, DataFiles.Version);
        try
        {
            disk.CreateDirectory(Snapshots);
            disk.CreateDirectory(Logs);
            Lock(settings.DataDir);
            if (settings.LogDir != settings.DataDir)
                Lock(settings.LogDir);
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    public IDisk Disk { get; }

    public string Snapshots { get; }

    public string Logs { get; }

    /// <summary>Bytes of all files in a directory.</summary>
    public static long SizeOf(string directory) =>
        new DirectoryInfo(directory).EnumerateFiles().Sum(file => file.Length);

    /// <summary>
    /// Whether a server may begin with nothing. Where that was forbidden (<c>db.autocreate=false</c>), an empty directory is a disk that
    /// was lost, unless a file named <c>initialize</c> says otherwise.
    /// </summary>
    public bool MayBeNew(StorageSettings settings)
    {
        var marker = MarkerOfNew(settings);
        if (!File.Exists(marker))
            return settings.CreateDatabase;
        Disk.Delete(marker);
        return true;
    }

    /// <summary>The file that says that a server is new.</summary>
    public static string MarkerOfNew(StorageSettings settings) => Path.Combine(settings.LogDir, "initialize");

    public void Dispose()
    {
        foreach (var file in _locks)
            file.Dispose();
    }

    private void Lock(string directory)
    {
        var path = Path.Combine(directory, LockName);
        try
        {
            _locks.Add(new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None));
        }
        catch (IOException e) when (e.HResult is WouldBlock or WouldBlockOnMac or SharingViolation)
        {
            throw new StorageException($"{directory} is in use by another server ({path} is locked): {e.Message}");
        }
    }
}
