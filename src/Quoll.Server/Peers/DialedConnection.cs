using System.Buffers;
using System.IO.Pipelines;
using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Http.Features;

namespace Quoll.Server.Peers;

/// <summary>
/// A connection that this server made. Kestrel's own kind of it reads into 4 KB that it has to allocate anew again and again; this takes
/// the buffers of the listeners' connections.
/// </summary>
internal sealed class DialedConnection : ConnectionContext, IDuplexPipe
{
    private const int BlockSize = 32 * 1024;
    private readonly Socket _socket;

    public DialedConnection(Socket socket, MemoryPool<byte> buffers)
    {
        _socket = socket;
        RemoteEndPoint = socket.RemoteEndPoint;
        var stream = new NetworkStream(socket, ownsSocket: false);
        Input = PipeReader.Create(stream, new StreamPipeReaderOptions(buffers, BlockSize, leaveOpen: true));
        Output = PipeWriter.Create(stream, new StreamPipeWriterOptions(buffers, BlockSize, leaveOpen: true));
        Transport = this;
    }

    public PipeReader Input { get; }

    public PipeWriter Output { get; }

    public override IDuplexPipe Transport { get; set; }

    public override string ConnectionId { get; set; } = "";

    public override IFeatureCollection Features { get; } = new FeatureCollection();

    public override IDictionary<object, object?> Items { get; set; } = new Dictionary<object, object?>();

    /// <summary>Whoever reads or writes is told that it has ended.</summary>
    public override void Abort(ConnectionAbortedException abortReason)
    {
        try
        {
            _socket.Shutdown(SocketShutdown.Both);
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // The other end was faster.
        }
    }

    public override async ValueTask DisposeAsync()
    {
        Abort();
        await Input.CompleteAsync();
        _socket.Dispose();
        await base.DisposeAsync();
    }
}
