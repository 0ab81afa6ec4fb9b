using System.Net;
using System.Net.Sockets;

namespace Quoll.Interop.Servers;

internal static class LoopbackPorts
{
    // Below the range that the system hands to outgoing connections: a client that dials the port of a stopped server
    // could otherwise be given that very port as its own, connect to itself and keep the server from coming back.
    private const int First = 20_000;
    private const int Count = 12_000;

    private static int _next = Random.Shared.Next(Count);

    public static int Free()
    {
        for (var tries = 0; tries < Count; tries++)
        {
            var port = First + (int)((uint)Interlocked.Increment(ref _next) % Count);
            if (IsFree(port))
                return port;
        }

        throw new InvalidOperationException("no free port on loopback");
    }

    private static bool IsFree(int port)
    {
        try
        {
            using var probe = new TcpListener(IPAddress.Loopback, port);
            probe.Start();
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }
}
