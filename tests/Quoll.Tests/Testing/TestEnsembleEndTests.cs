using System.Net.Sockets;
using System.Runtime.CompilerServices;
using Quoll.Testing;
using Quoll.Testing.Hosting;
using Quoll.Tests.Core;

namespace Quoll.Tests.Testing;

public sealed class TestEnsembleEndTests
{
    [Fact]
    public async Task Disposing_breaks_all_connections_and_wakes_all_who_wait()
    {
        var zk = await Ensembles.StartAsync(new() { Servers = 3, TimeProvider = new TestClock() });
        using var client = await RawClient.ConnectAsync(zk.Servers[0]);
        await zk.Servers[0].StopAsync();
        var never = zk.Servers[0].WaitUntilServingAsync(TestContext.Current.CancellationToken);
        using var other = await RawClient.ConnectAsync(zk.Servers[1]);
        var reading = other.ReceiveAsync();
        await zk.DisposeAsync();
        await zk.DisposeAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => never);
        await Assert.ThrowsAsync<IOException>(() => reading);
        await Assert.ThrowsAsync<IOException>(() => other.SendAsync(Ask.Ping));
        await Assert.ThrowsAsync<ObjectDisposedException>(zk.Servers[0].StartAsync);
        Assert.Throws<ObjectDisposedException>(zk.Faults.Heal);
        await Assert.ThrowsAsync<ObjectDisposedException>(
            async () => await zk.Servers[1].ConnectAsync(TestContext.Current.CancellationToken));
        Assert.Null(zk.Leader);
    }

    [Fact]
    public async Task Nothing_holds_on_to_an_ensemble_that_was_disposed()
    {
        var ensemble = await StartAndDisposeAsync();
        for (var i = 0; i < 100 && ensemble.IsAlive; i++)
        {
            // Threads of the pool remember what they did last until they do something else.
            await Task.Yield();
            GC.Collect();
            GC.WaitForPendingFinalizers();
        }

        Assert.False(ensemble.IsAlive);
    }

    [Fact]
    public async Task A_clock_that_is_moved_after_the_end_moves_nothing_else()
    {
        var clock = new TestClock();
        var lines = new List<string>();
        var zk = await Ensembles.StartAsync(new() { Servers = 3, TimeProvider = clock, Log = lines.Add });
        Assert.Contains(lines, line => line.Contains("Leading", StringComparison.Ordinal));
        await zk.DisposeAsync();
        var count = lines.Count;
        clock.Advance(TimeSpan.FromMinutes(1));
        Assert.Equal(count, lines.Count);
    }

    [Fact]
    public async Task Clients_that_know_only_sockets_connect_to_the_ports_that_the_system_chose()
    {
        var zk = await Ensembles.StartAsync(new() { Servers = 3, ListenOnLoopback = true });
        var end = zk.Servers[1].EndPoint!;
        Assert.Contains(end.ToString(), zk.LoopbackConnectionString, StringComparison.Ordinal);
        using (var client = await ConnectAsync(zk.Servers[1]))
            await client.DoAsync(Ask.Create("/a", "by a socket"));

        // It is told the end of its session, and then of the connection.
        using (var leaving = await ConnectAsync(zk.Servers[1]))
        {
            await leaving.DoAsync(Ask.Close);
            Assert.Equal(0, await leaving.ReadToEndAsync());
        }

        await zk.Servers[1].CrashAsync();
        Assert.True(await Record.ExceptionAsync(() => ConnectAsync(zk.Servers[1])) is IOException or SocketException);
        await zk.Servers[1].StartAsync();
        using (var client = await ConnectAsync(zk.Servers[1]))
            Assert.Equal("by a socket", await client.DataOfAsync("/a"));
        await zk.DisposeAsync();
        using var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
        await Assert.ThrowsAsync<SocketException>(async () => await socket.ConnectAsync(end, TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task Without_ports_there_is_no_list_of_them()
    {
        await using var zk = await Ensembles.StartAsync();
        Assert.Null(zk.Servers[0].EndPoint);
        Assert.Throws<InvalidOperationException>(() => zk.LoopbackConnectionString);
    }

    [Fact]
    public async Task Options_out_of_their_bounds_are_refused()
    {
        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(() => Ensembles.StartAsync(new() { Servers = 0 }));
        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(() => Ensembles.StartAsync(new() { Servers = 10 }));
        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(() => Ensembles.StartAsync(new() { TickTime = TimeSpan.Zero }));
    }

    [Fact]
    public async Task Who_connects_to_a_port_when_the_ensemble_is_just_ending_does_not_disturb_the_end()
    {
        var port = new LoopbackPort(_ => throw new ObjectDisposedException("the ensemble"));
        using var client = new TcpClient();

        // It is reset, before it knows that it is connected, or after.
        var failure = await Record.ExceptionAsync(async () =>
        {
            await client.ConnectAsync(port.EndPoint, TestContext.Current.CancellationToken);
            await client.GetStream().ReadExactlyAsync(new byte[1], TestContext.Current.CancellationToken);
        });
        Assert.True(failure is IOException or SocketException, $"{failure}");
        await port.DisposeAsync();
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static async Task<WeakReference> StartAndDisposeAsync()
    {
        var zk = await Ensembles.StartAsync(new() { Servers = 3, ListenOnLoopback = true });
        using (var client = await RawClient.ConnectAsync(zk.Servers[0]))
            await client.DoAsync(Ask.Create("/a"));
        await zk.DisposeAsync();
        return new WeakReference(zk);
    }

    private static async Task<RawClient> ConnectAsync(TestServer server)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        await socket.ConnectAsync(server.EndPoint!, TestContext.Current.CancellationToken);
        return await RawClient.GreetAsync(new NetworkStream(socket, ownsSocket: true));
    }
}
