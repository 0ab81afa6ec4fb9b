using System.Buffers;
using System.Buffers.Binary;
using System.IO.Pipelines;
using System.Net.Sockets;
using System.Threading.Tasks.Sources;
using Microsoft.AspNetCore.Connections;
using Quoll.Core;
using Quoll.Core.Requests;

namespace Quoll.Server.Clients;

/// <summary>How far the peer has taken what a connection received.</summary>
internal enum Fed
{
    All,

    /// <summary>Some must wait until something else has happened.</summary>
    Blocked,

    /// <summary>Some must wait until what there is to send has been handed on.</summary>
    Later,
}

/// <summary>
/// A client's socket. Its own thread reads and waits; the loop cuts the frames, feeds the peer, and writes what the peer says. What
/// a slow reader does not take waits here up to a bound; meanwhile nothing more is read from it.
/// </summary>
internal sealed class ClientConnection(ConnectionContext context, PeerLoop loop, string address, int maxFrame) : IValueTaskSource
{
    /// <summary>Replies and events that may wait for a client that does not read. Beyond that, it is cut off.</summary>
    private const int MaxWaiting = 16 * 1024 * 1024;

    /// <summary>What may wait while requests are still taken: a client that reads a long reply says that it lives meanwhile.</summary>
    private const int MaxWaitingWhenRead = 64 * 1024;

    /// <summary>Frames taken from one connection before others have their turn.</summary>
    private const int FramesAtOnce = 100;

    private readonly PipeReader _input = context.Transport.Input;
    private readonly PipeWriter _output = context.Transport.Output;
    private ArrayBufferWriter<byte> _waiting = new();
    private ManualResetValueTaskSourceCore<bool> _taken = new() { RunContinuationsAsynchronously = true };
    private ReadOnlySequence<byte> _received;
    private int _used;   // bytes of the first segment that the peer has taken
    private bool _flushing;
    private bool _closing;
    private bool _closed;

    public string Address { get; } = address;

    /// <summary>What the peer knows it by; set by the loop.</summary>
    public Client? Client { get; set; }

    public System.Net.EndPoint? RemoteEndPoint => context.RemoteEndPoint;

    /// <summary>When it was made.</summary>
    public Instant Opened { get; } = PeerLoop.Now;

    /// <summary>When it was told to close.</summary>
    public Instant ClosingSince { get; private set; }

    /// <summary>On the loop's list of connections to flush.</summary>
    public bool Touched { get; set; }

    /// <summary>Reads until the connection ends. It begins with what has been read already.</summary>
    public async Task RunAsync(ReadOnlySequence<byte> first)
    {
        loop.Post(new Input(InputKind.Opened, this));
        try
        {
            Receive(first);
            while (true)
            {
                _taken.Reset();
                loop.Post(new Input(InputKind.Received, this));
                await new ValueTask(this, _taken.Version);
                _input.AdvanceTo(_received.GetPosition(_used), _received.End);
                if (_closed)
                    return;
                // Until the input ends, and not until the connection is said to be closed: what came before the end is still there then.
                var result = await _input.ReadAsync();
                if (result.IsCanceled || (result.IsCompleted && (_closing || !HasWholeFrame(result.Buffer))))
                    return;
                Receive(result.Buffer);
            }
        }
        catch (Exception e) when (e is OperationCanceledException or IOException or SocketException)
        {
            // The other side went away: nobody is left to tell.
        }
        finally
        {
            // The loop writes to the pipes: they may go only when it no longer does.
            _taken.Reset();
            loop.Post(new Input(InputKind.Closed, this));
            await new ValueTask(this, _taken.Version);
        }
    }

    /// <summary>On the loop: gives the peer the frames received, as far as it accepts them.</summary>
    public Fed Feed(QuorumPeer peer)
    {
        for (var frames = 0; !_closing && !_closed; frames++)
        {
            // Nearly every frame lies in one segment; for one that does not, what is before it is let go.
            var segment = _received.FirstSpan[_used..];
            if (segment.Length < 4 || segment.Length - 4 < BinaryPrimitives.ReadInt32BigEndian(segment))
                Receive(_received.Slice(_used));
            var rest = _received.Length - _used;
            if (rest < 4)
                break;
            var length = LengthOf(_received, _used);
            if (length < 0 || length > maxFrame)
            {
                Abort();
                break;
            }

            if (rest < 4 + length)
                break;
            if (frames == FramesAtOnce || peer.Outbox.Clients.IsFull)
                return Fed.Later;
            if (_waiting.WrittenCount > MaxWaitingWhenRead || !peer.Accepts(Client!))
                return Fed.Blocked;
            Give(peer, length);
        }

        _taken.SetResult(true);
        return Fed.All;
    }

    /// <summary>On the loop: sends bytes, or keeps them until the client has taken what was sent before.</summary>
    public void Send(ReadOnlySpan<byte> bytes)
    {
        if (_closed)
            return;
        if (!_flushing)
            _output.Write(bytes);
        else if (_waiting.WrittenCount > MaxWaiting)
            CutOff();
        else
            _waiting.Write(bytes);
    }

    /// <summary>On the loop: ends the connection once what was sent is on its way.</summary>
    public void CloseWhenSent()
    {
        _closing = true;
        ClosingSince = PeerLoop.Now;
    }

    /// <summary>
    /// On the loop: lets go what was sent in this step. True if what had waited is gone at once: then nobody else will say that the
    /// connection can be fed again.
    /// </summary>
    public bool Flush()
    {
        Touched = false;
        if (_closed || _flushing)
            return false;
        var waited = _waiting.WrittenCount > 0;
        if (waited)
        {
            _output.Write(_waiting.WrittenSpan);
            _waiting = new();
        }

        if (!TryFlush())
            Abort();
        else if (_closing && !_flushing)
            Finish();
        return waited && !_flushing;
    }

    /// <summary>On the loop: the connection has ended.</summary>
    public void OnClosed()
    {
        _closed = true;
        _taken.SetResult(true);
    }

    /// <summary>On the loop: the client has taken what was sent.</summary>
    public void OnFlushed() => _flushing = false;

    /// <summary>Ends the connection at once.</summary>
    public void Abort()
    {
        _closing = true;
        _closed = true;
        context.Abort();
        _input.CancelPendingRead();
    }

    ValueTaskSourceStatus IValueTaskSource.GetStatus(short token) => _taken.GetStatus(token);

    void IValueTaskSource.OnCompleted(
        Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        _taken.OnCompleted(continuation, state, token, flags);

    void IValueTaskSource.GetResult(short token) => _taken.GetResult(token);

    private static int LengthOf(ReadOnlySequence<byte> bytes, int offset)
    {
        var segment = bytes.FirstSpan;
        if (segment.Length - offset >= 4)
            return BinaryPrimitives.ReadInt32BigEndian(segment[offset..]);
        Span<byte> four = stackalloc byte[4];
        bytes.Slice(offset, 4).CopyTo(four);
        return BinaryPrimitives.ReadInt32BigEndian(four);
    }

    private static bool HasWholeFrame(ReadOnlySequence<byte> bytes) =>
        bytes.Length >= 4 && bytes.Length - 4 >= LengthOf(bytes, 0);

    private void Receive(ReadOnlySequence<byte> bytes)
    {
        _received = bytes;
        _used = 0;
    }

    private void Give(QuorumPeer peer, int length)
    {
        var segment = _received.FirstSpan;
        if (segment.Length - _used - 4 >= length)
        {
            peer.OnFrame(Client!, segment.Slice(_used + 4, length));
            _used += 4 + length;
            return;
        }

        var whole = ArrayPool<byte>.Shared.Rent(length);
        _received.Slice(_used + 4, length).CopyTo(whole);
        peer.OnFrame(Client!, whole.AsSpan(0, length));
        ArrayPool<byte>.Shared.Return(whole);
        Receive(_received.Slice(_used + 4 + length));
    }

    // A socket that failed makes the flush throw whatever it failed with: that ends this connection, and must not end the server.
    private bool TryFlush()
    {
        try
        {
            var flush = _output.FlushAsync();
            if (!flush.IsCompletedSuccessfully)
            {
                _flushing = true;
                _ = AwaitFlushAsync(flush);
            }

            return true;
        }
#pragma warning disable CA1031 // See above.
        catch (Exception)
#pragma warning restore CA1031
        {
            return false;
        }
    }

    private async Task AwaitFlushAsync(ValueTask<FlushResult> flush)
    {
        try
        {
            await flush;
        }
#pragma warning disable CA1031 // The next flush fails likewise, and ends the connection.
        catch (Exception)
#pragma warning restore CA1031
        {
        }

        loop.Post(new Input(InputKind.Flushed, this));
    }

    private void CutOff()
    {
        loop.OnCutOff(this);
        Abort();
    }

    private void Finish()
    {
        _closed = true;
        _output.Complete();
        _input.CancelPendingRead();
    }
}
