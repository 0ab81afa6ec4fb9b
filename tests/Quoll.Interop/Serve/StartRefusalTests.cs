using Quoll.Interop.Disk;
using Quoll.Interop.Servers;

namespace Quoll.Interop.Serve;

/// <summary>Places where a server can't be started: each has its exit code and a message that names it.</summary>
[Trait("server", "Quoll")]
public sealed class StartRefusalTests : IDisposable
{
    private const int WrongConfiguration = 2;
    private const int WrongDirectory = 3;
    private const int WrongPort = 4;

    private readonly TempDirectory _home = new();

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_directory_on_a_read_only_disk_is_refused(bool hasData)
    {
        using var disk = Mount.Of("tmpfs", 16);
        var config = Config($"dataDir={disk.Path}", "clientPort=0");
        if (hasData)
        {
            await using var server = await ServerProcess.StartAsync(ServerKind.Quoll, $"dataDir={disk.Path}");
            await server.StopAsync();
        }

        disk.MakeReadOnly();
        var run = await QuollRun.OfAsync(config);

        AssertRefused(run, WrongDirectory, disk.Path, "Read-only file system");
    }

    [Fact]
    public async Task A_directory_that_is_a_file_is_refused()
    {
        var path = _home.File("data");
        await File.WriteAllTextAsync(path, "a file", TestContext.Current.CancellationToken);

        AssertRefused(await QuollRun.OfAsync(Config($"dataDir={path}", "clientPort=0")), WrongConfiguration, path, "is a file");
    }

    [Fact]
    public async Task A_directory_whose_inner_one_is_a_file_is_refused()
    {
        Directory.CreateDirectory(_home.File("data"));
        var path = _home.File("data/version-2");
        await File.WriteAllTextAsync(path, "a file", TestContext.Current.CancellationToken);

        AssertRefused(await QuollRun.OfAsync(Config($"dataDir={_home.File("data")}", "clientPort=0")), WrongDirectory, path, "");
    }

    [Fact]
    public async Task A_missing_directory_is_refused_where_none_may_be_made()
    {
        var path = _home.File("nowhere");
        var config = Config($"dataDir={path}", "clientPort=0", "datadir.autocreate=false");

        AssertRefused(await QuollRun.OfAsync(config), WrongConfiguration, path, "datadir.autocreate");
        Assert.False(Directory.Exists(path));
    }

    [Fact]
    public async Task A_disk_without_room_for_the_first_snapshot_is_refused()
    {
        using var disk = Mount.Of("tmpfs", 1);
        disk.Fill();

        AssertRefused(await QuollRun.OfAsync(Config($"dataDir={disk.Path}", "clientPort=0")), WrongDirectory, disk.Path, "No space left");
    }

    [Fact]
    public async Task An_address_of_another_machine_is_refused()
    {
        // A block of addresses for documentation (RFC 5737): nobody has one.
        var config = Config($"dataDir={_home.File("data")}", "clientPort=0", "clientPortAddress=192.0.2.1");

        AssertRefused(await QuollRun.OfAsync(config), WrongPort, "192.0.2.1", "can't be opened");
    }

    public void Dispose() => _home.Dispose();

    private static void AssertRefused(QuollRun run, int exitCode, params string[] parts)
    {
        Assert.True(run.ExitCode == exitCode, $"exit code {run.ExitCode}\n{run.Output}");
        Assert.All(parts, part => Assert.Contains(part, run.Output, StringComparison.Ordinal));
        Assert.DoesNotContain("Unhandled", run.Output, StringComparison.Ordinal);
    }

    private string Config(params string[] lines)
    {
        var path = _home.File("zoo.cfg");
        File.WriteAllLines(path, ["admin.enableServer=false", .. lines]);
        return path;
    }
}
