using Quoll.Protocol;
using Quoll.Testing;
using Quoll.Tests.Core;

namespace Quoll.Tests.Testing;

public sealed class ClientStreamTests
{
    private const int Requests = 500;

    [Fact]
    public async Task Who_writes_and_does_not_read_has_to_wait_until_he_reads()
    {
        await using var zk = await Ensembles.StartAsync();
        using var client = await RawClient.ConnectAsync(zk.Servers[0]);
        await client.DoAsync(Ask.Create("/large", new string('x', 100_000)));

        // Answers of 50 MB: of them 1 MB may wait, and then no more requests are taken.
        var ask = Ask.GetData("/large");
        var writing = WriteAllAsync();
        for (var i = 0; i < Requests; i++)
            Assert.Equal(100_004 + 68, (await client.ReceiveAsync()).Body.Length);
        await writing;

        async Task WriteAllAsync()
        {
            for (var i = 0; i < Requests; i++)
                await client.SendAsync(ask);
        }
    }

    [Fact]
    public async Task A_write_that_waits_can_be_given_up_and_ends_when_the_connection_does()
    {
        await using var zk = await Ensembles.StartAsync(new() { TimeProvider = new TestClock() });
        var server = zk.Servers[0];
        using var given = await server.ConnectAsync(TestContext.Current.CancellationToken);
        using var broken = await server.ConnectAsync(TestContext.Current.CancellationToken);
        zk.Faults.Freeze(server);
        using var patience = new CancellationTokenSource();
        var waiting = given.WriteAsync(new byte[100_000], patience.Token);
        var ending = broken.WriteAsync(new byte[100_000], TestContext.Current.CancellationToken);
        Assert.False(waiting.IsCompleted);
        Assert.False(ending.IsCompleted);
        await patience.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await waiting);
        await server.CrashAsync();
        await ending;
        await Assert.ThrowsAsync<IOException>(async () => await broken.WriteAsync(new byte[1], TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task A_frame_that_is_too_long_ends_the_connection()
    {
        await using var zk = await Ensembles.StartAsync();
        using var stream = await zk.Servers[0].ConnectAsync(TestContext.Current.CancellationToken);
        await stream.WriteAsync(new Bytes().Int(0x100000).ToArray(), TestContext.Current.CancellationToken);
        await Assert.ThrowsAsync<IOException>(
            async () => await stream.ReadExactlyAsync(new byte[1], TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task Requests_that_come_byte_by_byte_are_served()
    {
        await using var zk = await Ensembles.StartAsync();
        using var stream = await zk.Servers[0].ConnectAsync(TestContext.Current.CancellationToken);
        var connect = new Bytes().Int(0).Long(0).Int(10_000).Long(0).Buffer(new byte[16]).Bool(false).ToArray();
        foreach (var part in new Bytes().Buffer(connect).ToArray())
            await stream.WriteAsync(new[] { part }, TestContext.Current.CancellationToken);
        var answer = new byte[4 + 37];
        await stream.ReadExactlyAsync(answer, TestContext.Current.CancellationToken);
        Assert.NotEqual(0, answer[16]);
    }

    [Fact]
    public async Task The_streams_of_many_clients_are_served_beside_each_other()
    {
        await using var zk = await Ensembles.StartAsync(new() { Servers = 3 });
        using (var client = await RawClient.ConnectAsync(zk.Servers[0]))
            await client.DoAsync(Ask.Create("/p"));
        await Parallel.ForEachAsync(Enumerable.Range(0, 24), TestContext.Current.CancellationToken, async (number, _) =>
        {
            using var client = await RawClient.ConnectAsync(zk.Servers[number % 3]);
            for (var i = 0; i < 50; i++)
                await client.DoAsync(Ask.Create("/p/n-", "", CreateMode.PersistentSequential));
        });

        using var reader = await RawClient.ConnectAsync(zk.Servers[1]);
        Assert.Equal(24 * 50, (await reader.DoAsync(Ask.GetChildren("/p"))).Read().Strings().Length);
    }
}
