using System.Buffers.Binary;
using System.Globalization;
using Quoll.Interop.Crash;
using Quoll.Interop.Serve;
using Quoll.Interop.Servers;

namespace Quoll.Interop.Disk;

/// <summary>Files that were cut or damaged while the server was down: it starts with all there is, or says what is wrong where.</summary>
[Trait("server", "Quoll")]
public sealed class DamagedDirectoryTests
{
    private const int DirectoryRefused = 3;
    private const int Nodes = 600;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_log_torn_in_its_last_record_starts_with_all_before_it_and_goes_on()
    {
        await using var server = await ServerProcess.StartAsync(ServerKind.Quoll);
        var kept = new List<string>();
        foreach (var part in (double[])[0, 0.1, 0.3, 0.7, 0.99])
        {
            var last = $"last-{kept.Count}";
            using (var session = await RawSession.OpenAsync(server.Port))
            {
                await CreateAsync(session, $"/kept-{kept.Count}");
                kept.Add($"kept-{kept.Count}");
                await CreateAsync(session, $"/{last}");
            }

            server.Kill();
            var log = NewestOf(server, "log.*");
            var (bytes, offsets) = await ReadLogAsync(log);
            var (begin, end) = (offsets[^2], offsets[^1]);

            // A cut in the record itself, and the same with the reserved zeros still behind it.
            var cut = begin + 1 + (int)((end - begin - 2) * part);
            byte[] reserved = kept.Count % 2 == 0 ? [] : new byte[bytes.Length - cut];
            await File.WriteAllBytesAsync(log, [.. bytes[..cut], .. reserved], Cancel);

            await server.StartAsync();
            using var reader = await RawSession.OpenAsync(server.Port);
            Assert.Equal(kept.Append("zookeeper").Order(), (await reader.ChildrenAsync("/")).Order());
        }
    }

    [Theory]
    [InlineData(8 + 3)]
    [InlineData(4 + 3)]
    [InlineData(12 + 30)]
    public async Task A_flipped_bit_in_the_last_record_is_refused_with_what_to_do(int at)
    {
        await using var server = await ServerProcess.StartAsync(ServerKind.Quoll);
        using (var session = await RawSession.OpenAsync(server.Port))
            await CreateAsync(session, "/last");
        server.Kill();
        var log = NewestOf(server, "log.*");
        var (bytes, offsets) = await ReadLogAsync(log);
        bytes[offsets[^2] + at] ^= 4;
        await File.WriteAllBytesAsync(log, bytes, Cancel);

        var run = await QuollRun.OfAsync(server.ConfigFile);

        Assert.Equal(DirectoryRefused, run.ExitCode);
        Assert.Contains($"{log}: offset {offsets[^2]}: ", run.Output, StringComparison.Ordinal);
        Assert.Contains("restore it from a copy", run.Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("flipped")]
    [InlineData("empty")]
    [InlineData("half")]
    public async Task A_damaged_snapshot_is_passed_over_with_a_warning_while_the_log_has_what_it_had(string damage)
    {
        await using var server = await ServerProcess.StartAsync(ServerKind.Quoll, "snapCount=200", "autopurge.purgeInterval=0");
        await FillAsync(server);
        var newest = NewestOf(server, "snapshot.*");
        await DamageAsync(newest, damage);

        await server.StartAsync();
        using (var session = await RawSession.OpenAsync(server.Port))
            Assert.Equal(Nodes + 1, (await session.ChildrenAsync("/")).Length);
        Assert.Contains($"passed over a snapshot that can't be used: {newest}: offset ", server.Output, StringComparison.Ordinal);
        server.Kill();

        // Without the log that leads there, it would have to leave something out.
        var older = Directory.GetFiles(server.VersionDirectory, "snapshot.*").Select(ZxidOf).Where(zxid => zxid < ZxidOf(newest)).Max();
        var needed = Directory.GetFiles(server.VersionDirectory, "log.*").Where(log => ZxidOf(log) <= older + 1).MaxBy(ZxidOf)!;
        File.Delete(needed);
        var run = await QuollRun.OfAsync(server.ConfigFile);

        Assert.Equal(DirectoryRefused, run.ExitCode);
        Assert.Contains("is missing", run.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_server_whose_snapshots_are_all_damaged_starts_from_a_log_that_has_everything()
    {
        await using var server = await ServerProcess.StartAsync(ServerKind.Quoll, "snapCount=200", "autopurge.purgeInterval=0");
        await FillAsync(server);
        foreach (var snapshot in Directory.GetFiles(server.VersionDirectory, "snapshot.*"))
            await DamageAsync(snapshot, "empty");

        await server.StartAsync();
        using (var session = await RawSession.OpenAsync(server.Port))
            Assert.Equal(Nodes + 1, (await session.ChildrenAsync("/")).Length);
        await server.StopAsync();

        File.Delete(Path.Combine(server.VersionDirectory, "log.1"));
        var run = await QuollRun.OfAsync(server.ConfigFile);
        Assert.Equal(DirectoryRefused, run.ExitCode);
        Assert.Contains("none of the", run.Output, StringComparison.Ordinal);
    }

    // Enough changes for several snapshots; then it is killed.
    private static async Task FillAsync(ServerProcess server)
    {
        using (var session = await RawSession.OpenAsync(server.Port))
            await Task.WhenAll(Enumerable.Range(0, Nodes).Select(n => CreateAsync(session, $"/n{n}")));
        await Deadline.UntilAsync(
            TimeSpan.FromSeconds(30), "snapshots are whole",
            () => Task.FromResult(Directory.GetFiles(server.VersionDirectory, "snapshot.*").Length >= 2
                && Directory.GetFiles(server.VersionDirectory, "writing.*").Length == 0));
        server.Kill();
    }

    private static async Task DamageAsync(string path, string damage)
    {
        var bytes = await File.ReadAllBytesAsync(path, Cancel);
        if (damage == "flipped")
            bytes[bytes.Length / 2] ^= 1;
        await File.WriteAllBytesAsync(path, damage switch { "empty" => [], "half" => bytes[..(bytes.Length / 2)], _ => bytes }, Cancel);
    }

    private static async Task CreateAsync(RawSession session, string path) =>
        Assert.Equal(0, (await session.CreateAsync(path, "some data")).Error);

    private static string NewestOf(ServerProcess server, string pattern) =>
        Directory.GetFiles(server.VersionDirectory, pattern).MaxBy(ZxidOf)!;

    private static long ZxidOf(string path) =>
        long.Parse(Path.GetExtension(path).AsSpan(1), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture);

    /// <summary>A log's bytes, and where each of its records begins; the last is where they end.</summary>
    private static async Task<(byte[] Bytes, List<int> Offsets)> ReadLogAsync(string path)
    {
        var bytes = await File.ReadAllBytesAsync(path, Cancel);
        var offsets = new List<int> { 16 };
        while (offsets[^1] + 12 < bytes.Length && BinaryPrimitives.ReadInt32BigEndian(bytes.AsSpan(offsets[^1] + 8)) is > 0 and var length)
            offsets.Add(offsets[^1] + 13 + length);
        return (bytes, offsets);
    }
}
