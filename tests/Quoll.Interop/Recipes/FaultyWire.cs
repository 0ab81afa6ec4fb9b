using System.Collections.Concurrent;
using System.Net.Sockets;
using Quoll.Client;
using Quoll.Interop.Servers;
using Quoll.Protocol;

namespace Quoll.Interop.Recipes;

/// <summary>What lies between a client and its servers, and can be cut, and changes or loses what servers say.</summary>
internal sealed class FaultyWire
{
    private readonly Lock _gate = new();
    private readonly List<FrameStream> _streams = [];
    private bool _isCut;
    private OpCode? _armed;

    /// <summary>Looks at each frame from a server, with the kind of the request that it answers, or null where it answers none. What it
    /// returns is passed on; with null the connection ends before it.</summary>
    public Func<OpCode?, byte[], byte[]?> Deliver { get; set; } = static (_, frame) => frame;

    /// <summary>How many requests of a kind went over it.</summary>
    public ConcurrentDictionary<OpCode, int> Sent { get; } = [];

    /// <summary>How many answers <see cref="LoseNextAnswerTo"/> has lost.</summary>
    public int Lost { get; private set; }

    public async Task<ZooKeeperClient> ConnectAsync(RecipeServers servers, ServerKind kind, string root) =>
        await ZooKeeperClient.ConnectAsync(For(await servers.AddressesAsync(kind) + root));

    public ZooKeeperClientOptions For(string connectionString) => new()
    {
        ConnectionString = connectionString,
        SessionTimeout = TimeSpan.FromSeconds(10),
        ReconnectDelay = TimeSpan.FromMilliseconds(5),
        MaxReconnectDelay = TimeSpan.FromMilliseconds(20),
        Connect = ConnectAsync,
    };

    /// <summary>Ends all connections; there are no others until it is mended.</summary>
    public void Cut()
    {
        FrameStream[] streams;
        lock (_gate)
        {
            _isCut = true;
            streams = [.. _streams];
            _streams.Clear();
        }

        Array.ForEach(streams, stream => stream.Dispose());
    }

    public void Mend()
    {
        lock (_gate)
            _isCut = false;
    }

    /// <summary>The connections that there are stay; there are no others until it is mended.</summary>
    public void Hold()
    {
        lock (_gate)
            _isCut = true;
    }

    /// <summary>Loses the answer to the next request of a kind, and the connection with it.</summary>
    public void LoseNextAnswerTo(OpCode kind)
    {
        lock (_gate)
            _armed = kind;
    }

    /// <summary>A request goes over it; true if its answer is to be lost.</summary>
    internal bool OnSent(OpCode kind)
    {
        lock (_gate)
        {
            Sent[kind] = Sent.GetValueOrDefault(kind) + 1;
            if (_armed != kind)
                return false;
            _armed = null;
            Lost++;
            return true;
        }
    }

    private async ValueTask<Stream> ConnectAsync(string host, int port, CancellationToken cancellation)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(host, port, cancellation);
            var stream = new FrameStream(new NetworkStream(socket, ownsSocket: true), this);
            lock (_gate)
            {
                if (_isCut)
                    throw new IOException("the wire is cut");
                _streams.Add(stream);
            }

            return stream;
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }
}
