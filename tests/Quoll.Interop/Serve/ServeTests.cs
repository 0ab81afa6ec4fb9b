using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Quoll.Interop.Crash;
using Quoll.Interop.Servers;

namespace Quoll.Interop.Serve;

/// <summary>What a process manager sees of <c>quoll serve</c>: starts, stops, refusals and exit codes.</summary>
[Trait("server", "Quoll")]
public sealed class ServeTests
{
    [Fact]
    public async Task SIGTERM_ends_it_cleanly_within_a_second_with_clients_connected()
    {
        await using var server = await ServerProcess.StartAsync(ServerKind.Quoll);
        using var client = new TcpClient();
        await client.ConnectAsync(IPAddress.Loopback, server.Port, TestContext.Current.CancellationToken);

        var clock = Stopwatch.StartNew();
        var exitCode = await server.StopAsync();

        Assert.Equal(0, exitCode);
        Assert.InRange(clock.Elapsed, TimeSpan.Zero, TimeSpan.FromSeconds(1));
        Assert.Contains("stopped cleanly", server.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_second_server_is_kept_off_the_data_directory()
    {
        await using var server = await ServerProcess.StartAsync(ServerKind.Quoll);

        var second = await QuollRun.OfAsync(server.ConfigFile, "--set", "clientPort=0");

        Assert.Equal(3, second.ExitCode);
        Assert.Contains("in use by another server", second.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_port_in_use_is_told()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        using var home = new TempDirectory();
        var config = WriteConfig(home, $"clientPort={((IPEndPoint)listener.LocalEndpoint).Port}");

        var run = await QuollRun.OfAsync(config);

        Assert.Equal(4, run.ExitCode);
        Assert.Contains("can't be opened", run.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Every_error_of_a_configuration_is_told_at_once()
    {
        using var home = new TempDirectory();
        var config = WriteConfig(home, "clientPort=many", "tickTime=0");

        var run = await QuollRun.OfAsync(config);

        Assert.Equal(2, run.ExitCode);
        Assert.Contains("clientPort=many", run.Output, StringComparison.Ordinal);
        Assert.Contains("tickTime=0", run.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_damaged_log_is_refused_with_its_name_and_the_offset()
    {
        await using var server = await ServerProcess.StartAsync(ServerKind.Quoll);
        using (var session = await RawSession.OpenAsync(server.Port))
        {
            for (var i = 0; i < 3; i++)
                await session.CreateAsync($"/n{i}", "some data");
        }

        await server.StopAsync();
        var log = Directory.GetFiles(server.VersionDirectory, "log.*").Single();
        var bytes = await File.ReadAllBytesAsync(log, TestContext.Current.CancellationToken);
        bytes[16 + 12 + 4] ^= 1;
        await File.WriteAllBytesAsync(log, bytes, TestContext.Current.CancellationToken);

        var run = await QuollRun.OfAsync(server.ConfigFile);

        Assert.Equal(3, run.ExitCode);
        Assert.Contains($"{log}: offset 16:", run.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_empty_directory_is_refused_where_that_must_be_a_lost_disk()
    {
        using var home = new TempDirectory();
        var config = WriteConfig(home, "clientPort=0", "db.autocreate=false");

        var run = await QuollRun.OfAsync(config);

        Assert.Equal(3, run.ExitCode);
        Assert.Contains("initialize", run.Output, StringComparison.Ordinal);
    }

    private static string WriteConfig(TempDirectory home, params string[] lines)
    {
        File.WriteAllLines(home.File("zoo.cfg"), [$"dataDir={home.File("data")}", "clientPortAddress=127.0.0.1", .. lines]);
        return home.File("zoo.cfg");
    }
}
