using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;

namespace Quoll.Interop.Samples;

/// <summary>A way to a server that can be cut, and mended.</summary>
internal sealed class Wire : IDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly ConcurrentBag<TcpClient> _ends = [];
    private readonly IPEndPoint _server;
    private volatile bool _isCut;

    /// <param name="server">The server's address, on this machine.</param>
    public Wire(string server)
    {
        _server = IPEndPoint.Parse(server);
        _listener.Start();
        _ = AcceptAsync();
    }

    /// <summary>Where clients connect.</summary>
    public string Address => $"{_listener.LocalEndpoint}";

    /// <summary>Breaks all connections; nobody gets through until it is mended.</summary>
    public void Cut()
    {
        _isCut = true;
        while (_ends.TryTake(out var end))
            end.Dispose();
    }

    public void Mend() => _isCut = false;

    public void Dispose()
    {
        Cut();
        _listener.Dispose();
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
                _ = CarryAsync(await _listener.AcceptTcpClientAsync());
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // Disposed of.
        }
    }

    private async Task CarryAsync(TcpClient caller)
    {
        using var called = new TcpClient();
        using (caller)
        {
            _ends.Add(caller);
            _ends.Add(called);
            if (_isCut)
                return;
            try
            {
                await called.ConnectAsync(_server);
                caller.NoDelay = called.NoDelay = true;
                var (near, far) = (caller.GetStream(), called.GetStream());
                await Task.WhenAny(near.CopyToAsync(far), far.CopyToAsync(near));
            }
            catch (Exception e) when (e is SocketException or IOException or ObjectDisposedException or InvalidOperationException)
            {
                // The end of one is the end of the other.
            }
        }
    }
}
