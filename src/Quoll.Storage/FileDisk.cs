using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Quoll.Storage;

/// <summary>
/// The disk under a directory tree of the operating system. Syncing and reserving use Linux's own calls, which say what is meant
/// (fdatasync, posix_fallocate); elsewhere what .NET offers does the same more slowly.
/// </summary>
public sealed partial class FileDisk : IDisk
{
    private const int Interrupted = 4;
    private const int InvalidArgument = 22;

    public IReadOnlyList<string> List(string directory) =>
        Directory.Exists(directory) ? [.. Directory.EnumerateFiles(directory).Select(path => Path.GetFileName(path)!)] : [];

    public bool DirectoryExists(string directory) => Directory.Exists(directory);

    public void CreateDirectory(string directory) => Directory.CreateDirectory(directory);

    public void SyncDirectory(string directory)
    {
        if (!OperatingSystem.IsLinux())
            return;   // other systems either need no sync of a directory or offer none

        var descriptor = Native.Open(directory, 0);
        if (descriptor < 0)
            throw Failed("open", directory);
        try
        {
            if (Native.FSync(descriptor) != 0)
                throw Failed("fsync", directory);
        }
        finally
        {
            _ = Native.Close(descriptor);
        }
    }

    public IDiskFile Create(string path, bool direct = false)
    {
        var file = new DiskFile(path, FileMode.Create, FileAccess.ReadWrite);
        if (direct)
            file.TrySetDirect();
        return file;
    }

    public IDiskFile Open(string path) => new DiskFile(path, FileMode.Open, FileAccess.ReadWrite);

    public void Rename(string from, string to) => File.Move(from, to, overwrite: true);

    public void Delete(string path) => File.Delete(path);

    private static IOException Failed(string what, string path) =>
        new($"{what} of {path} failed: {Marshal.GetPInvokeErrorMessage(Marshal.GetLastPInvokeError())}");

    private sealed class DiskFile(string path, FileMode mode, FileAccess access) : IDiskFile
    {
        private static readonly byte[] Zeros = new byte[1024 * 1024];
        private readonly SafeFileHandle _handle = File.OpenHandle(path, mode, access, FileShare.Read);
        private bool _direct;

        public int Alignment { get; private set; } = 1;

        public long Length => RandomAccess.GetLength(_handle);

        public int Read(long offset, Span<byte> buffer)
        {
            var total = 0;
            while (total < buffer.Length)
            {
                var read = RandomAccess.Read(_handle, buffer[total..], offset + total);
                if (read == 0)
                    break;
                total += read;
            }

            return total;
        }

        public void Write(long offset, ReadOnlySpan<byte> bytes)
        {
            try
            {
                RandomAccess.Write(_handle, bytes, offset);
            }
            catch (IOException e) when (_direct && e.HResult == InvalidArgument)
            {
                // A disk that wants more than is aligned here: its writes go through the cache like others.
                SetFlags(static (flags, direct) => flags & ~direct);
                _direct = false;
                RandomAccess.Write(_handle, bytes, offset);
            }
        }

        // A file system that has no direct writes says so here, and nothing has changed.
        public void TrySetDirect()
        {
            if (!OperatingSystem.IsLinux() || !SetFlags(static (flags, direct) => flags | direct))
                return;
            _direct = true;
            Alignment = AlignedBuffer.Alignment;
        }

        public bool TryReserve(long length)
        {
            var from = Length;
            if (length <= from)
                return true;
            if (!OperatingSystem.IsLinux())
                return TryWriteZeros(from, length);
            int error;
            do
            {
                error = Native.Fallocate(_handle, from, length - from);
            }
            while (error == Interrupted);
            switch (error)
            {
                case 0:
                    return true;
                case NoSpace.Error or NoSpace.QuotaError:
                    // Some file systems keep what they found before there was no more.
                    RandomAccess.SetLength(_handle, from);
                    return false;
                default:
                    return TryWriteZeros(from, length);   // a file system that can't reserve
            }
        }

        public void Truncate(long length) => RandomAccess.SetLength(_handle, length);

        public void Sync()
        {
            if (!OperatingSystem.IsLinux())
            {
                RandomAccess.FlushToDisk(_handle);
                return;
            }

            while (Native.FDataSync(_handle) != 0)
            {
                if (Marshal.GetLastPInvokeError() != Interrupted)
                    throw Failed("fdatasync", path);
            }
        }

        public void Dispose() => _handle.Dispose();

        private bool SetFlags(Func<int, int, int> change)
        {
            // O_DIRECT has a number of its own on each kind of processor.
            var direct = RuntimeInformation.ProcessArchitecture is Architecture.Arm or Architecture.Arm64 ? 0x10000 : 0x4000;
            var flags = Native.FileControl(_handle, Native.GetFlags, 0);
            return flags >= 0 && Native.FileControl(_handle, Native.SetFlags, change(flags, direct)) == 0;
        }

        private bool TryWriteZeros(long from, long length)
        {
            try
            {
                for (var at = from; at < length; at += Zeros.Length)
                    Write(at, Zeros.AsSpan(0, (int)Math.Min(Zeros.Length, length - at)));
                return true;
            }
            catch (IOException e) when (NoSpace.Is(e))
            {
                RandomAccess.SetLength(_handle, from);
                return false;
            }
        }
    }

    private static partial class Native
    {
        [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
        public static partial int Open(string path, int flags);

        [LibraryImport("libc", EntryPoint = "close")]
        public static partial int Close(int descriptor);

        [LibraryImport("libc", EntryPoint = "fsync", SetLastError = true)]
        public static partial int FSync(int descriptor);

        [LibraryImport("libc", EntryPoint = "fdatasync", SetLastError = true)]
        public static partial int FDataSync(SafeFileHandle file);

        public const int GetFlags = 3;
        public const int SetFlags = 4;

        [LibraryImport("libc", EntryPoint = "fcntl", SetLastError = true)]
        public static partial int FileControl(SafeFileHandle file, int command, int value);

        // Returns the error number itself.
        [LibraryImport("libc", EntryPoint = "posix_fallocate")]
        public static partial int Fallocate(SafeFileHandle file, long offset, long length);
    }
}
