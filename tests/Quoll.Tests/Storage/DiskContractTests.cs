using Quoll.Storage;

namespace Quoll.Tests.Storage;

/// <summary>What both disks promise, the real one and the one of the tests.</summary>
public abstract class DiskContractTests
{
    internal abstract IDisk Disk { get; }

    protected abstract string Root { get; }

    private string PathOf(string name) => Path.Combine(Root, name);

    [Fact]
    public void A_file_has_what_was_written_to_it()
    {
        using (var file = Disk.Create(PathOf("a")))
        {
            file.Write(0, "hello"u8);
            file.Write(3, "p!"u8);
            file.Sync();
            Assert.Equal(5, file.Length);
        }

        Disk.SyncDirectory(Root);
        using var again = Disk.Open(PathOf("a"));
        var buffer = new byte[10];
        Assert.Equal(5, again.Read(0, buffer));
        Assert.Equal("help!"u8.ToArray(), buffer[..5]);
        Assert.Equal(2, again.Read(3, buffer));
        Assert.Equal(0, again.Read(5, buffer));
        Assert.Equal(0, again.Read(50, buffer));
        Assert.Equal(1, again.Read(1, buffer.AsSpan(0, 1)));
    }

    [Fact]
    public void A_file_written_past_the_cache_has_what_was_written_to_it()
    {
        var bytes = new AlignedBuffer(100);
        using (var file = Disk.Create(PathOf("a"), direct: true))
        {
            bytes.Append(5 * file.Alignment).Fill(1);
            bytes.Append(3 * file.Alignment).Fill(2);
            file.Write(0, bytes.Written);
            bytes.RemoveFirst(4 * file.Alignment);
            file.Write(file.Alignment, bytes.Written);
            file.Sync();
            Assert.Equal(8 * file.Alignment, file.Length);
        }

        using var again = Disk.Open(PathOf("a"));
        var read = new byte[again.Length];
        Assert.Equal(read.Length, again.Read(0, read));
        var block = read.Length / 8;
        Assert.True(read.AsSpan(0, 2 * block).IndexOfAnyExcept((byte)1) < 0);
        Assert.True(read.AsSpan(2 * block).IndexOfAnyExcept((byte)2) < 0);
    }

    [Fact]
    public void A_file_that_is_there_is_emptied_by_creating_it()
    {
        using (var file = Disk.Create(PathOf("a")))
            file.Write(0, "hello"u8);
        using var again = Disk.Create(PathOf("a"));

        Assert.Equal(0, again.Length);
        Assert.Equal(["a"], Disk.List(Root));
    }

    [Fact]
    public void Room_that_is_reserved_is_zeros_and_takes_nothing_away()
    {
        using var file = Disk.Create(PathOf("a"));
        file.Write(0, "hello"u8);

        Assert.True(file.TryReserve(10_000));
        Assert.True(file.TryReserve(100));
        Assert.Equal(10_000, file.Length);
        var buffer = new byte[10_001];
        Assert.Equal(10_000, file.Read(0, buffer));
        Assert.Equal("hello"u8.ToArray(), buffer[..5]);
        Assert.True(buffer.AsSpan(5).IndexOfAnyExcept((byte)0) < 0);
    }

    [Fact]
    public void What_is_truncated_does_not_come_back()
    {
        using var file = Disk.Create(PathOf("a"));
        file.Write(0, "hello"u8);
        file.Truncate(2);
        file.Write(4, "o"u8);
        var buffer = new byte[5];

        Assert.Equal(5, file.Read(0, buffer));
        Assert.Equal("he\0\0o"u8.ToArray(), buffer);
    }

    [Fact]
    public void Names_are_listed_renamed_and_deleted()
    {
        foreach (var name in new[] { "a", "b", "c" })
            Disk.Create(PathOf(name)).Dispose();
        using (var file = Disk.Open(PathOf("b")))
            file.Write(0, "b"u8);
        Disk.Rename(PathOf("b"), PathOf("a"));
        Disk.Delete(PathOf("c"));
        Disk.SyncDirectory(Root);

        Assert.Equal(["a"], Disk.List(Root));
        using var renamed = Disk.Open(PathOf("a"));
        Assert.Equal(1, renamed.Length);
        Assert.Throws<FileNotFoundException>(() => Disk.Open(PathOf("b")));
    }

    [Fact]
    public void Directories_are_made_once_or_twice()
    {
        var directory = PathOf("sub");
        Assert.False(Disk.DirectoryExists(directory));
        Assert.Empty(Disk.List(directory));

        Disk.CreateDirectory(directory);
        Disk.CreateDirectory(directory);

        Assert.True(Disk.DirectoryExists(directory));
        Assert.Empty(Disk.List(directory));
    }
}

public sealed class FileDiskTests : DiskContractTests, IDisposable
{
    internal override IDisk Disk { get; } = new FileDisk();

    protected override string Root { get; } = Directory.CreateTempSubdirectory("quoll-disk-").FullName;

    public void Dispose() => Directory.Delete(Root, recursive: true);
}

public sealed class MemoryDiskContractTests : DiskContractTests
{
    internal override IDisk Disk { get; } = new MemoryDisk();

    protected override string Root => "/data";
}
