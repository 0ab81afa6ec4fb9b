using System.Buffers;
using System.IO.Pipelines;
using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;
using Quoll.Core;
using Quoll.Core.Zab;

namespace Quoll.Server.Peers;

/// <summary>
/// A connection between the quorum ports of two servers. Its own thread reads and waits; all else happens on the loop. What is sent goes
/// out in order: bytes at once, parts of the history read from disk by a thread that is there for as long as they take.
/// </summary>
internal sealed class PeerLink(PeerLoop loop, PeerLinks links)
{
    /// <summary>What may wait for a server that does not read. Beyond that it is cut off, and comes back for the rest.</summary>
    private const int MaxWaiting = 64 * 1024 * 1024;

    private readonly Queue<Outgoing> _waiting = new();
    private ConnectionContext? _context;
    private TaskCompletionSource? _taken;
    private ReadOnlySequence<byte> _arrived;
    private byte[] _received = [];
    private int _start;
    private int _end;
    private long _waitingBytes;
    private bool _kept;      // what arrived last has been copied: more may come
    private bool _unflushed;
    private bool _busy;      // a flush or a part of the history is under way
    private bool _closing;
    private bool _ended;

    /// <summary>What the peer knows it by.</summary>
    public Link? Link { get; set; }

    /// <summary>Where it leads to, for the log.</summary>
    public string Remote { get; private set; } = "";

    public override string ToString() => Remote;

    /// <summary>When it was told to close.</summary>
    public Instant ClosingSince { get; private set; }

    /// <summary>Among those whose bytes go out at the end of the step.</summary>
    public bool Touched { get; set; }

    /// <summary>The peer wants no more of it, and is told nothing more of it.</summary>
    public bool ClosedByPeer { get; private set; }

    /// <summary>Something came that the peer has not taken yet.</summary>
    public bool HasReceived => _end > _start && !_ended;

    /// <summary>Reads until the connection ends; the loop has been told of it by then.</summary>
    /// <param name="context">The connection.</param>
    /// <param name="begin">How the peer is told that it is there.</param>
    public async Task RunAsync(ConnectionContext context, Action<QuorumPeer> begin)
    {
        _context = context;
        Remote = context.RemoteEndPoint?.ToString() ?? "";
        loop.Tell(begin);
        try
        {
            var input = context.Transport.Input;
            while (true)
            {
                var result = await input.ReadAsync();
                if (result.IsCanceled)
                    return;
                if (!result.Buffer.IsEmpty)
                    await HandOverAsync(InputKind.LinkReceived, result.Buffer);
                input.AdvanceTo(result.Buffer.End);
                if (result.IsCompleted)
                    return;
            }
        }
        catch (Exception e) when (e is OperationCanceledException or IOException or SocketException)
        {
            // The other side went away: the peer is told below.
        }
        finally
        {
            // The loop writes to the pipes: they may go only when it no longer does.
            await HandOverAsync(InputKind.LinkEnded, default);
        }
    }

    /// <summary>On the loop: takes what came, and lets more come unless too much waits.</summary>
    public void OnReceived(QuorumPeer peer)
    {
        Keep(_arrived);
        _kept = true;
        Feed(peer);
    }

    /// <summary>On the loop: gives the peer what it had not taken. It may be a part of a packet, or have to wait for the disk.</summary>
    public void Feed(QuorumPeer peer)
    {
        if (!_ended && Link is { } link)
        {
            _start += peer.OnBytes(link, _received.AsSpan(_start, _end - _start));
            if (_start == _end)
                _start = _end = 0;
        }

        if (_kept && _end - _start <= links.LargestPacket)
            Release();
    }

    /// <summary>On the loop: sends bytes.</summary>
    public void Send(ReadOnlySpan<byte> bytes)
    {
        if (_ended || _closing)
            return;
        if (!_busy && _waiting.Count == 0 && _context is { } context)
        {
            context.Transport.Output.Write(bytes);
            _unflushed = true;
            return;
        }

        _waitingBytes += bytes.Length;
        if (_waitingBytes > MaxWaiting)
        {
            links.OnCutOff(this);
            Abort();
        }
        else
        {
            Enqueue(bytes);
        }
    }

    /// <summary>On the loop: sends a part of the history, once what was sent before is out.</summary>
    public void Send(in PeerEffect part)
    {
        if (!_ended && !_closing)
            _waiting.Enqueue(new Outgoing(null, part));
    }

    /// <summary>On the loop: ends the connection once what was sent is on its way.</summary>
    public void CloseWhenSent()
    {
        _closing = true;
        ClosedByPeer = true;
        ClosingSince = PeerLoop.Now;
    }

    /// <summary>On the loop: lets go what was sent in this step.</summary>
    public void Flush()
    {
        Touched = false;
        while (!_ended && !_busy && _context is { } context && (_unflushed || _waiting.Count > 0))
        {
            WriteWaiting(context.Transport.Output);
            if (_unflushed)
                BeginFlush(context.Transport.Output);
            else if (_waiting.TryDequeue(out var outgoing))
                BeginPart(context.Transport.Output, outgoing.Part);
        }

        if (_closing && !_ended && !_busy)
            Finish();
    }

    /// <summary>On the loop: what was going out is out, or can't go.</summary>
    public void OnSent(bool well)
    {
        _busy = false;
        if (!well)
            Abort();
        if (_ended)
            Release();
    }

    /// <summary>On the loop: the connection has ended.</summary>
    public void OnEnded()
    {
        _ended = true;
        _context?.Abort();
        if (!_busy)
            Release();
    }

    /// <summary>Ends the connection at once.</summary>
    public void Abort()
    {
        _closing = true;
        if (_context is not { } context)
            return;
        context.Abort();
        context.Transport.Input.CancelPendingRead();
    }

    private async Task HandOverAsync(InputKind kind, ReadOnlySequence<byte> bytes)
    {
        _arrived = bytes;
        var taken = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _taken = taken;
        loop.Post(new Input(kind, this));
        await taken.Task;
    }

    private void Release()
    {
        var taken = _taken;
        _taken = null;
        _kept = false;
        taken?.TrySetResult();
    }

    private void Keep(ReadOnlySequence<byte> bytes)
    {
        var length = (int)bytes.Length;
        if (_received.Length - _end < length)
        {
            var kept = _end - _start;
            var larger = _received.Length - kept >= length ? _received : new byte[Math.Max(_received.Length * 2, kept + length)];
            _received.AsSpan(_start, kept).CopyTo(larger);
            (_end, _start) = (kept, 0);
            _received = larger;
        }

        bytes.CopyTo(_received.AsSpan(_end));
        _end += length;
    }

    private void Enqueue(ReadOnlySpan<byte> bytes)
    {
        if (!_waiting.TryPeek(out _) || _waiting.Last() is not { Bytes: { } last })
            _waiting.Enqueue(new Outgoing(last = new ArrayBufferWriter<byte>(), default));
        last.Write(bytes);
    }

    private void WriteWaiting(PipeWriter output)
    {
        while (_waiting.TryPeek(out var next) && next.Bytes is { } bytes)
        {
            _waiting.Dequeue();
            _waitingBytes -= bytes.WrittenCount;
            output.Write(bytes.WrittenSpan);
            _unflushed = true;
        }
    }

    private void BeginFlush(PipeWriter output)
    {
        _unflushed = false;
        ValueTask<FlushResult> flush;
        try
        {
            flush = output.FlushAsync();
        }
        catch (Exception e) when (e is OperationCanceledException or IOException or SocketException or InvalidOperationException)
        {
            Abort();
            return;
        }

        if (flush.IsCompletedSuccessfully)
            return;
        _busy = true;
        _ = AwaitAsync(flush);
    }

    private async Task AwaitAsync(ValueTask<FlushResult> flush)
    {
        var well = true;
        try
        {
            await flush;
        }
        catch (Exception e) when (e is OperationCanceledException or IOException or SocketException or InvalidOperationException)
        {
            well = false;
        }

        loop.Post(new Input(InputKind.LinkSent, this, well ? 1 : 0));
    }

    private void BeginPart(PipeWriter output, PeerEffect part)
    {
        _busy = true;
        _ = Task.Factory.StartNew(
            () => loop.Post(new Input(InputKind.LinkSent, this, links.Files.Send(part, output, Remote) ? 1 : 0)),
            CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
    }

    private void Finish()
    {
        _ended = true;
        try
        {
            _context?.Transport.Output.Complete();
        }
        catch (Exception e) when (e is IOException or SocketException or ObjectDisposedException)
        {
            // It tries again to send what a broken connection did not take. The other side is gone, and that is told when reading ends.
        }

        _context?.Transport.Input.CancelPendingRead();
        Release();
    }

    /// <summary>Bytes, or a part of the history.</summary>
    private readonly record struct Outgoing(ArrayBufferWriter<byte>? Bytes, PeerEffect Part);
}
