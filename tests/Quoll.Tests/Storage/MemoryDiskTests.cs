namespace Quoll.Tests.Storage;

public class MemoryDiskTests
{
    private const string Root = "/data";
    private const string Path = "/data/a";
    private readonly MemoryDisk _disk = new();

    [Fact]
    public void What_was_synced_survives_every_crash()
    {
        var content = Filled(3000, 0xAA);
        _disk.Put(Path, content);
        using (var file = _disk.Create("/data/b"))
        {
            file.Write(0, content);
            file.Sync();
        }

        _disk.SyncDirectory(Root);
        for (var seed = 0; seed < 50; seed++)
            _disk.Crash(seed);

        Assert.Equal(content, _disk.Get(Path));
        Assert.Equal(content, _disk.Get("/data/b"));
    }

    [Fact]
    public void What_was_not_synced_survives_sector_by_sector()
    {
        var sawMixture = false;
        for (var seed = 0; seed < 100; seed++)
        {
            var disk = new MemoryDisk();
            disk.Put(Path, Filled(2048, 1));
            using (var file = disk.Open(Path))
                file.Write(100, Filled(1900, 2));
            disk.Crash(seed);

            var bytes = disk.Get(Path);
            for (var at = 0; at < 2048; at++)
                Assert.True(bytes[at] == 1 || (bytes[at] == 2 && at is >= 100 and < 2000));
            for (var sector = 1; sector < 3; sector++)
                Assert.Single(bytes.AsSpan(sector * 512, 512).ToArray().Distinct());
            sawMixture |= bytes[600] != bytes[1200];
        }

        Assert.True(sawMixture);
    }

    [Fact]
    public void The_length_may_stay_behind()
    {
        var lengths = new HashSet<long>();
        for (var seed = 0; seed < 100; seed++)
        {
            var disk = new MemoryDisk();
            disk.Put(Path, Filled(100, 1));
            using (var file = disk.Open(Path))
                Assert.True(file.TryReserve(2000));
            disk.Crash(seed);
            lengths.Add(disk.Get(Path).Length);
        }

        Assert.Superset(new HashSet<long> { 100, 1024, 2000 }, lengths);
    }

    [Fact]
    public void Names_that_were_not_synced_may_vanish()
    {
        var outcomes = new HashSet<string>();
        for (var seed = 0; seed < 100; seed++)
        {
            var disk = new MemoryDisk();
            disk.Put("/data/old", []);
            disk.Create("/data/temporary").Dispose();
            disk.Rename("/data/temporary", "/data/new");
            disk.Delete("/data/old");
            disk.Crash(seed);
            outcomes.Add(string.Join(' ', disk.List(Root)));
        }

        // As a journal has them: up to some moment everything, after it nothing.
        Assert.Equal(["new", "new old", "old", "old temporary"], outcomes.Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Faults_come_when_they_are_asked_for()
    {
        _disk.SyncsLeft = 1;
        _disk.WritesLeft = 2;
        using var file = _disk.Create(Path);
        file.Write(0, "a"u8);
        file.Sync();
        file.Write(1, "b"u8);

        Assert.Throws<IOException>(() => file.Write(2, "c"u8));
        Assert.Throws<IOException>(file.Sync);
        Assert.Throws<IOException>(() => _disk.SyncDirectory(Root));
    }

    [Fact]
    public void A_full_disk_has_no_room()
    {
        _disk.Capacity = 100;
        using var file = _disk.Create(Path);
        file.Write(0, Filled(90, 1));

        Assert.False(file.TryReserve(101));
        Assert.True(file.TryReserve(100));
        file.Write(0, Filled(100, 2));
        Assert.Throws<IOException>(() => file.Write(100, "x"u8));
        Assert.Equal(100, _disk.Used);
    }

    [Fact]
    public void A_file_opened_before_a_crash_is_of_no_use()
    {
        using var file = _disk.Create(Path);
        _disk.Crash(1);

        Assert.Throws<InvalidOperationException>(() => file.Write(0, "a"u8));
    }

    private static byte[] Filled(int length, byte value)
    {
        var bytes = new byte[length];
        Array.Fill(bytes, value);
        return bytes;
    }
}
