using System.Buffers;
using System.Buffers.Binary;
using System.IO.Pipelines;
using System.Net.Sockets;
using KnownClient = Quoll.Core.Requests.Client;

namespace Quoll.Testing.Hosting;

/// <summary>
/// A client's connection as its server sees it. What the client does comes from <see cref="ClientStream"/>; all else is on the loop.
/// </summary>
internal sealed class ClientConnection : IParked
{
    /// <summary>The longest frame that a server takes by default (<c>jute.maxbuffer</c>).</summary>
    private const int MaxFrame = 0xfffff;

    /// <summary>What a client may not have read while its requests are still taken, as at a real server.</summary>
    private const int MaxUnread = 1024 * 1024;

    /// <summary>A client that reads nothing is cut off when so much waits for it.</summary>
    private const int MostUnread = 16 * 1024 * 1024;

    /// <summary>Bytes that may wait for the server before who writes must wait.</summary>
    private const int MaxUntaken = 64 * 1024;

    private readonly EventLoop _loop;
    private readonly ServerProcess _server;
    private readonly ReplyFault _fault;
    private readonly Wire _toServer;
    private readonly Wire _toClient;
    private readonly ByteQueue _inbox = new();
    private readonly Pipe _output;
    private KnownClient? _client;
    private int _lostXid;
    private bool _losesReply;
    private bool _closing;
    private bool _closed;
    private long _unread;
    private long _untaken;

    /// <param name="loop">The ensemble's loop.</param>
    /// <param name="server">The server that the client has connected to.</param>
    /// <param name="fault">The replies that are to be lost.</param>
    /// <param name="reading">Where clients go on that waited for what has come.</param>
    /// <param name="delay">How long everything takes.</param>
    public ClientConnection(
        EventLoop loop, ServerProcess server, ReplyFault fault, PipeScheduler reading, Func<TimeSpan> delay)
    {
        _output = new Pipe(new PipeOptions(readerScheduler: reading, pauseWriterThreshold: 0, useSynchronizationContext: false));
        _loop = loop;
        _server = server;
        _fault = fault;
        _toServer = new Wire(loop, delay);
        _toClient = new Wire(loop, delay);
    }

    /// <summary>What the client reads. It ends in order when the server closes, and with an exception when the connection breaks.</summary>
    public PipeReader Output => _output.Reader;

    /// <summary>Nothing that is written arrives any more.</summary>
    public bool IsClosed => _closed;

    /// <summary>No more may be written before some of it was taken.</summary>
    public bool IsFull => _untaken > MaxUntaken && !_closed;

    public void Open()
    {
        _server.Add(this);
        _toServer.Send(() => _server.Do(peer =>
        {
            if (!_closed)
                _client = peer.OnConnected("127.0.0.1", this);
        }));
    }

    /// <summary>The client has written something.</summary>
    public void OnWritten(byte[] bytes)
    {
        if (_closed)
            return;
        _untaken += bytes.Length;
        _toServer.Send(() =>
        {
            if (_closed)
                return;
            _inbox.Add(bytes);
            _server.Do(_ => Feed());
        });
    }

    /// <summary>The client has read something.</summary>
    public void OnRead(int count)
    {
        var wasTooMuch = _unread > MaxUnread;
        _unread -= count;
        if (wasTooMuch && _unread <= MaxUnread)
            _server.Do(_ => Feed());
    }

    /// <summary>The client has closed: what it wrote before arrives, and then the end.</summary>
    public void OnClosedByClient() => _toServer.Send(() => End(broken: false));

    public void Feed()
    {
        while (!_closed && !_closing && _client is { } client && _server.Peer is { } peer && _inbox.Length >= 4)
        {
            var length = BinaryPrimitives.ReadInt32BigEndian(_inbox.Span);
            if (length is < 0 or > MaxFrame)
            {
                End(broken: true);
                return;
            }

            if (_inbox.Length < 4 + length)
                return;
            if (_unread > MaxUnread)
                return;   // the client reads, and that goes on
            if (peer.Outbox.Clients.IsFull || !peer.Accepts(client))
            {
                _server.Park(this);
                return;
            }

            var frame = _inbox.Span.Slice(4, length);
            if (_fault.Strikes(frame, isFirst: client.SessionId == 0, out var xid))
                (_losesReply, _lostXid) = (true, xid);
            peer.OnFrame(client, frame);
            _inbox.RemoveFirst(4 + length);
            _untaken -= 4 + length;
            _server.Drain();
        }
    }

    /// <summary>The server sends whole frames.</summary>
    public void Send(ReadOnlySpan<byte> frames)
    {
        if (_closed)
            return;
        if (_losesReply && ReplyFault.Find(frames, _lostXid) is >= 0 and var lost)
        {
            Deliver(frames[..lost]);
            Break();
            return;
        }

        _unread += frames.Length;
        if (_unread > MostUnread)
            Break();
        else
            Deliver(frames);
    }

    /// <summary>The server closes, behind what it has sent.</summary>
    public void CloseWhenSent()
    {
        _closing = true;
        _toClient.Send(() => End(broken: false));
    }

    /// <summary>The connection breaks; what is under way is lost.</summary>
    public void Break() => End(broken: true);

    /// <summary>The server is gone, and all it knew.</summary>
    public void OnServerEnded(bool broken)
    {
        _client = null;
        if (broken)
            End(broken: true);
        else
            CloseWhenSent();
    }

    private void Deliver(ReadOnlySpan<byte> bytes)
    {
        if (bytes.IsEmpty)
            return;
        var copy = bytes.ToArray();
        _toClient.Send(() =>
        {
            if (_closed)
                return;
            _output.Writer.Write(copy);
            Flush();
        });
    }

    // There is no threshold at which it would have to wait.
    private void Flush() => _ = _output.Writer.FlushAsync().AsTask();

    private void End(bool broken)
    {
        if (_closed)
            return;
        _closed = true;
        _output.Writer.Complete(broken ? ConnectionReset() : null);
        _server.Remove(this);
        var client = _client;
        _client = null;
        var life = _server.Life;
        if (client is null)
            return;
        _loop.Soon(() =>
        {
            if (life == _server.Life)
                _server.Do(peer => peer.OnClosed(client));
        });
    }

    public static IOException ConnectionReset()
    {
        var cause = new SocketException((int)SocketError.ConnectionReset);
        return new IOException(cause.Message, cause);
    }
}
