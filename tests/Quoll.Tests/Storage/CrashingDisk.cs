using Quoll.Storage;

namespace Quoll.Tests.Storage;

/// <summary>A disk whose power goes before its n-th change: a name, a length, a write, or a sync of one of them.</summary>
internal sealed class CrashingDisk(MemoryDisk inner, int changesLeft) : IDisk
{
    private const int Seeds = 6;
    private int _left = changesLeft;

    /// <summary>
    /// Does something again and again, each time on a copy of the disk and with the power going one change later, until it is done; and
    /// after each crash, in several ways of what may have come to the disk, looks at what is there.
    /// </summary>
    public static void AtEach(MemoryDisk disk, Action<IDisk> what, Action<MemoryDisk> look)
    {
        for (var changes = 0; ; changes++)
        {
            for (var seed = 0; seed < Seeds; seed++)
            {
                var copy = disk.Copy();
                var done = Run(new CrashingDisk(copy, changes), what);
                copy.Crash(seed);
                look(copy);
                if (done && seed == Seeds - 1)
                    return;
            }
        }
    }

    public IReadOnlyList<string> List(string directory) => inner.List(directory);

    public bool DirectoryExists(string directory) => inner.DirectoryExists(directory);

    public void CreateDirectory(string directory) => inner.CreateDirectory(directory);

    public void SyncDirectory(string directory)
    {
        Count();
        inner.SyncDirectory(directory);
    }

    public IDiskFile Create(string path, bool direct = false)
    {
        Count();
        return new CrashingFile(this, inner.Create(path, direct));
    }

    public IDiskFile Open(string path) => new CrashingFile(this, inner.Open(path));

    public void Rename(string from, string to)
    {
        Count();
        inner.Rename(from, to);
    }

    public void Delete(string path)
    {
        Count();
        inner.Delete(path);
    }

    private static bool Run(CrashingDisk disk, Action<IDisk> what)
    {
        try
        {
            what(disk);
            return true;
        }
        catch (PowerGoneException)
        {
            return false;
        }
    }

    private void Count()
    {
        if (_left-- == 0)
            throw new PowerGoneException();
    }

    private sealed class PowerGoneException() : IOException("the power is gone");

    private sealed class CrashingFile(CrashingDisk disk, IDiskFile file) : IDiskFile
    {
        public int Alignment => file.Alignment;

        public long Length => file.Length;

        public int Read(long offset, Span<byte> buffer) => file.Read(offset, buffer);

        public void Write(long offset, ReadOnlySpan<byte> bytes)
        {
            disk.Count();
            file.Write(offset, bytes);
        }

        public bool TryReserve(long length)
        {
            disk.Count();
            return file.TryReserve(length);
        }

        public void Truncate(long length)
        {
            disk.Count();
            file.Truncate(length);
        }

        public void Sync()
        {
            disk.Count();
            file.Sync();
        }

        public void Dispose() => file.Dispose();
    }
}
