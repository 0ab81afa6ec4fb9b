using System.Diagnostics;
using System.Globalization;
using Quoll.Interop.Crash;
using Quoll.Interop.Servers;

namespace Quoll.Interop.Disk;

/// <summary>A server whose small disk fills up: it says so, goes on as far as it can, and comes back by itself.</summary>
[Trait("server", "Quoll")]
public sealed class DiskFullTests
{
    private const int SystemError = -1;
    private const int ShortTimeoutMs = 2000;
    private const int DataLength = 25_000;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    [Theory]
    [InlineData("tmpfs")]
    [InlineData("ext4")]
    public async Task A_disk_that_fills_up_under_load_stops_changes_only_and_only_until_there_is_room(string fileSystem)
    {
        using var disk = Mount.Of(fileSystem, 40);
        await using var server = await ServerProcess.StartAsync(ServerKind.Quoll, $"dataDir={disk.Path}", "snapCount=400");
        using var session = await RawSession.OpenAsync(server.Port);
        using var brief = await RawSession.OpenAsync(server.Port, ShortTimeoutMs);
        using var leaving = await RawSession.OpenAsync(server.Port);
        await CreateAsync(session, "/full", 0);
        await CreateAsync(brief, "/brief", 1);
        await CreateAsync(leaving, "/leaving", 1);

        disk.Fill();
        var there = new List<string>();
        await WriteUntilRefusedAsync(server, session, brief, there);
        await CheckWhileFullAsync(server, disk, session, brief, there);

        // The end of a session is no change that a client could be refused.
        Assert.Equal(0, (await leaving.CloseAsync()).Error);
        Assert.Null(await session.GetAsync("/leaving"));

        // From the moment on when there is room, sessions that say nothing end again.
        Assert.NotNull(await brief.GetAsync("/brief"));
        disk.GiveRoom();
        await Deadline.UntilAsync(Patience, "changes are taken again", IsTakenAsync, () => server.Output);
        await CreateAsync(session, "/full/after", 0);
        there.Add("after");
        Assert.NotNull(await session.GetAsync("/brief"));
        server.Kill();
        await server.StartAsync();
        await CheckAfterAsync(server, there);

        async Task<bool> IsTakenAsync()
        {
            Assert.NotNull(await brief.GetAsync("/brief"));
            return (await session.SetAsync("/full", "again", -1)).Error == 0;
        }
    }

    [Fact]
    public async Task A_server_that_starts_on_a_full_disk_serves_reads_and_takes_changes_when_there_is_room()
    {
        using var disk = Mount.Of("tmpfs", 24);
        await using var server = await ServerProcess.StartAsync(ServerKind.Quoll, $"dataDir={disk.Path}");
        using var session = await RawSession.OpenAsync(server.Port);
        await CreateAsync(session, "/kept", 0);

        // In order, so that what the log had reserved is not given back by the start.
        await server.StopAsync();
        disk.Fill();

        await server.StartAsync();
        using var back = await RawSession.ResumeAsync(server.Port, session);
        Assert.NotNull(await back.GetAsync("/kept"));
        await Deadline.UntilAsync(
            Patience, "changes are refused", async () => (await back.SetAsync("/kept", "no", -1)).Error == SystemError,
            () => server.Output);
        await Assert.ThrowsAnyAsync<IOException>(() => RawSession.OpenAsync(server.Port));

        disk.GiveRoom();
        await Deadline.UntilAsync(
            Patience, "changes are taken", async () => (await back.SetAsync("/kept", "yes", -1)).Error == 0, () => server.Output);
        using var another = await RawSession.OpenAsync(server.Port);
        Assert.Equal("yes", (await another.GetAsync("/kept"))!.Data);
    }

    [Fact]
    public async Task More_changes_under_way_than_there_is_room_for_wait_until_there_is()
    {
        using var disk = Mount.Of("tmpfs", 64);
        await using var server = await ServerProcess.StartAsync(ServerKind.Quoll, $"dataDir={disk.Path}");
        var sessions = new List<RawSession>();
        try
        {
            for (var i = 0; i < 10; i++)
                sessions.Add(await RawSession.OpenAsync(server.Port));
            await CreateAsync(sessions[0], "/large", 0);
            disk.Fill();

            // 36 MB, more than what the log has reserved.
            var data = new string('x', 900_000);
            var writes = sessions
                .SelectMany((session, i) => Enumerable.Range(0, 4).Select(n => (Path: $"/large/{i}-{n}", Session: session)))
                .Select(write => (write.Path, Reply: write.Session.CreateAsync(write.Path, data))).ToList();
            await UntilSaidAsync(server, "the disk of the log is full");
            Assert.Contains("Mode: standalone", await server.AskAsync("srvr"), StringComparison.Ordinal);

            disk.GiveRoom();
            var all = Task.WhenAll(writes.Select(write => write.Reply));
            var replies = await all.WaitAsync(Patience, TestContext.Current.CancellationToken);
            Assert.All(replies, reply => Assert.True(reply.Error is 0 or SystemError));
            await UntilSaidAsync(server, "has room again");
            server.Kill();
            await server.StartAsync();
            using var session = await RawSession.OpenAsync(server.Port);
            var there = writes.Zip(replies).Where(pair => pair.Second.Error == 0).Select(pair => Path.GetFileName(pair.First.Path));
            Assert.Equal(there.Order(), (await session.ChildrenAsync("/large")).Order());
        }
        finally
        {
            sessions.ForEach(session => session.Dispose());
        }
    }

    /// <summary>Writes until a write is refused. The brief session is kept alive meanwhile.</summary>
    private static async Task WriteUntilRefusedAsync(ServerProcess server, RawSession session, RawSession brief, List<string> there)
    {
        var data = new string('x', DataLength);
        var clock = Stopwatch.StartNew();
        for (var count = 0; ; count++)
        {
            Assert.True(clock.Elapsed < Patience, $"changes are still taken after {count}\n{server.Output}");
            var reply = await session.CreateAsync($"/full/{count}", data);
            Assert.NotNull(await brief.GetAsync("/brief"));
            if (reply.Error == SystemError)
                return;
            Assert.Equal(0, reply.Error);
            there.Add(count.ToString(CultureInfo.InvariantCulture));
        }
    }

    private static async Task CheckWhileFullAsync(
        ServerProcess server, Mount disk, RawSession session, RawSession brief, List<string> there)
    {
        // Longer than the brief session would live if it were not heard.
        for (var clock = Stopwatch.StartNew(); clock.ElapsedMilliseconds < ShortTimeoutMs * 3 / 2;)
        {
            Assert.Equal(there.Order(), (await session.ChildrenAsync("/full")).Order());
            Assert.NotNull(await brief.GetAsync("/brief"));
        }

        Assert.Equal(DataLength, (await session.GetAsync($"/full/{there[^1]}"))!.Data.Length);
        Assert.Equal(SystemError, (await session.CreateAsync("/full/refused", "x")).Error);
        Assert.Equal(SystemError, (await session.SetAsync("/full", "x", -1)).Error);
        Assert.Equal(SystemError, (await session.DeleteAsync($"/full/{there[0]}")).Error);
        await Assert.ThrowsAnyAsync<IOException>(() => RawSession.OpenAsync(server.Port));
        Assert.Contains("Mode: standalone", await server.AskAsync("srvr"), StringComparison.Ordinal);

        await UntilSaidAsync(server, "a snapshot could not be written");
        Assert.Empty(Directory.GetFiles(Path.Combine(disk.Path, "version-2"), "writing.*"));
    }

    private static async Task CheckAfterAsync(ServerProcess server, List<string> there)
    {
        using var session = await RawSession.OpenAsync(server.Port);
        Assert.Equal(there.Order(), (await session.ChildrenAsync("/full")).Order());
        Assert.Equal("again", (await session.GetAsync("/full"))!.Data);
        Assert.Null(await session.GetAsync("/leaving"));
    }

    private static Task UntilSaidAsync(ServerProcess server, string line) => Deadline.UntilAsync(
        Patience, $"it says '{line}'", () => Task.FromResult(server.Output.Contains(line, StringComparison.Ordinal)), () => server.Output);

    private static async Task CreateAsync(RawSession session, string path, int flags) =>
        Assert.Equal(0, (await session.CreateAsync(path, "x", flags)).Error);
}
