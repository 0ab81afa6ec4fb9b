using Quoll.Interop.Clients;
using Quoll.Interop.Crash;
using Quoll.Interop.Servers;

namespace Quoll.Interop.Disk;

/// <summary>A disk that fails under load: the server ends, and has told nobody of anything that was not on disk.</summary>
[Trait("server", "Quoll")]
public sealed class DiskFailureTests
{
    private const int DiskFailed = 5;
    private const int Loaders = 4;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    [Theory]
    [InlineData("sync")]
    [InlineData("write-EIO")]
    [InlineData("write-ENOSPC")]
    public async Task A_disk_that_fails_ends_the_server_and_nothing_confirmed_is_lost(string fault)
    {
        using var directory = new TempDirectory();
        var library = directory.File("diskfault.so");
        await CompilerRun.LibraryAsync(Path.Combine(AppContext.BaseDirectory, "Disk", "c", "diskfault.c"), library);
        var trigger = directory.File("fault");
        var environment = new Dictionary<string, string> { ["LD_PRELOAD"] = library, ["QUOLL_DISK_FAULT"] = trigger };
        await using var server = await ServerProcess.StartAsync(ServerKind.Quoll, environment, "snapCount=500", "preAllocSize=64");

        var ledger = new Ledger();
        await CrashLoad.PrepareAsync(server, ledger, Loaders);
        for (var round = 1; round <= 2; round++)
        {
            await FailUnderLoadAsync(server, ledger, $"{round}", () => File.WriteAllText(trigger, fault));
            File.Delete(trigger);
            await server.StartAsync();
            await AuditAsync(server, ledger);
        }
    }

    [Fact]
    public async Task A_device_that_fails_ends_the_server_and_nothing_confirmed_is_lost()
    {
        using var disk = Mount.Thin(96, backing: 32);
        await using var server = await ServerProcess.StartAsync(ServerKind.Quoll, $"dataDir={disk.Path}", "preAllocSize=1024");
        var ledger = new Ledger();
        await CrashLoad.PrepareAsync(server, ledger, Loaders);

        await FailUnderLoadAsync(server, ledger, "1", disk.StarveDevice);
        disk.RepairDevice();
        await server.StartAsync();
        await AuditAsync(server, ledger);
    }

    private static async Task FailUnderLoadAsync(ServerProcess server, Ledger ledger, string round, Action fail)
    {
        await using var load = await CrashLoad.BeginAsync([server], ledger, Loaders, round);
        await load.UntilAcknowledgedAsync(300);
        fail();
        Assert.Equal(DiskFailed, await server.EndAsync());
        Assert.Contains("the server must stop: its disk failed", server.Output, StringComparison.Ordinal);
        await load.EndAsync().WaitAsync(Patience, TestContext.Current.CancellationToken);
    }

    private static async Task AuditAsync(ServerProcess server, Ledger ledger)
    {
        ledger.BeginLife();
        using var session = await RawSession.OpenAsync(server.Port);
        await CrashAudit.RunAsync(server.EndPoint, session, ledger);
    }
}
