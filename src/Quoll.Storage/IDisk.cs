namespace Quoll.Storage;

/// <summary>
/// What is asked of a disk. There is the real one (<see cref="FileDisk"/>), and one in memory for tests, which loses what was not
/// synced. Paths are the disk's own; failures are <see cref="IOException"/>s.
/// </summary>
public interface IDisk
{
    /// <summary>Names of the files in a directory; none if it does not exist.</summary>
    IReadOnlyList<string> List(string directory);

    bool DirectoryExists(string directory);

    void CreateDirectory(string directory);

    /// <summary>Makes created, renamed and deleted names in a directory last through a crash.</summary>
    void SyncDirectory(string directory);

    /// <summary>Creates a file, or empties one that is there.</summary>
    /// <param name="path">Its path.</param>
    /// <param name="direct">Write past the system's cache where that is possible; see <see cref="IDiskFile.Alignment"/>.</param>
    IDiskFile Create(string path, bool direct = false);

    IDiskFile Open(string path);

    void Rename(string from, string to);

    void Delete(string path);
}

/// <summary>A file, by offsets.</summary>
public interface IDiskFile : IDisposable
{
    /// <summary>
    /// What the offset and the length of each write, and its bytes' address, must be multiples of: a power of two, 4096 at most.
    /// </summary>
    int Alignment { get; }

    long Length { get; }

    /// <summary>Reads as much as there is, up to the buffer's size; less only at the end of the file.</summary>
    int Read(long offset, Span<byte> buffer);

    void Write(long offset, ReadOnlySpan<byte> bytes);

    /// <summary>Makes the file this long, with zeros, and takes the room on disk for it. False if there is no room.</summary>
    bool TryReserve(long length);

    void Truncate(long length);

    /// <summary>Returns once what was written is on the disk. If this fails, what is on the disk is unknown: stop.</summary>
    void Sync();
}
