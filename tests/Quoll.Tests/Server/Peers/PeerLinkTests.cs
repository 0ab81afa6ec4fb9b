using System.Buffers;
using System.IO.Pipelines;
using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;
using Quoll.Server.Peers;
using Quoll.Tests.Server.Clients;

namespace Quoll.Tests.Server.Peers;

public sealed class PeerLinkTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    [Fact]
    public async Task A_connection_that_breaks_while_something_is_sent_ends_and_the_server_goes_on()
    {
        using var host = new LoopHost();
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        using var here = new Socket(SocketType.Stream, ProtocolType.Tcp);
        await here.ConnectAsync(listener.LocalEndpoint, TestContext.Current.CancellationToken);
        var there = await listener.AcceptSocketAsync(TestContext.Current.CancellationToken);
        await using var dialed = new DialedConnection(here, MemoryPool<byte>.Shared);

        // Nothing comes in, so that it is the sending that finds it broken.
        var quiet = new Pipe();
        var context = new DefaultConnectionContext(
            "test", new LoopHost.Ends(quiet.Reader, dialed.Output), new LoopHost.Ends(quiet.Reader, dialed.Output));
        var link = new PeerLink(host.Loop, host.Links);
        var run = link.RunAsync(context, _ => { });
        there.LingerState = new LingerOption(true, 0);
        there.Close();
        host.Loop.Tell(_ =>
        {
            link.Send("words for nobody"u8);
            link.Flush();
        });

        await run.WaitAsync(Patience, TestContext.Current.CancellationToken);
        Assert.Empty(host.Failures);
    }
}
