using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Threading.Channels;

namespace Quoll.Benchmarks.Clients;

/// <summary>A slow network before a server: what comes goes on a fixed time later, in both directions.</summary>
internal sealed class DelayProxy(string server, TimeSpan delay)
{
    public async Task RunAsync(int port)
    {
        using var listener = new TcpListener(IPAddress.Loopback, port);
        listener.Start();
        while (true)
        {
            var client = await listener.AcceptTcpClientAsync();
            _ = ServeAsync(client);
        }
    }

    private async Task ServeAsync(TcpClient client)
    {
        using var near = client;
        using var far = new TcpClient();
        var target = IPEndPoint.Parse(server);
        await far.ConnectAsync(target);
        near.NoDelay = far.NoDelay = true;
        await Task.WhenAny(PumpAsync(near, far), PumpAsync(far, near));
    }

    private async Task PumpAsync(TcpClient from, TcpClient to)
    {
        var underWay = Channel.CreateUnbounded<(long Due, byte[] Bytes)>();
        await Task.WhenAny(TakeAsync(), PassOnAsync());

        async Task TakeAsync()
        {
            var buffer = new byte[64 * 1024];
            while (await from.GetStream().ReadAsync(buffer) is var count and > 0)
                underWay.Writer.TryWrite((Stopwatch.GetTimestamp() + (long)(delay.TotalSeconds * Stopwatch.Frequency), buffer[..count]));
        }

        async Task PassOnAsync()
        {
            await foreach (var (due, bytes) in underWay.Reader.ReadAllAsync())
            {
                if (Stopwatch.GetElapsedTime(Stopwatch.GetTimestamp(), due) is { Ticks: > 0 } wait)
                    await Task.Delay(wait);
                await to.GetStream().WriteAsync(bytes);
            }
        }
    }
}
