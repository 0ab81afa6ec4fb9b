using System.Buffers;
using System.Buffers.Binary;
using Quoll.Client.Requests;
using Quoll.Protocol;
using Quoll.Protocol.Jute;
using Quoll.Protocol.Records;

namespace Quoll.Client.Session;

/// <summary>
/// The requests of a client in the order in which they were made: those that were sent, and behind them those that wait. A server answers
/// in this order. What becomes of them when the connection breaks: a change that was sent is lost, and its fate unknown; changes behind
/// it are not made, since they were meant to come after it; reads are made again, unless a change was sent behind them, whose effects
/// they must not see. All is bounded by the number of requests that may be pending.
/// </summary>
internal sealed class RequestQueue(int limit, List<IThreadPoolWorkItem> done)
{
    /// <summary>Bytes that may wait for the socket; what exceeds them stays a request.</summary>
    private const int MaxUnsent = 1 << 18;

    private Queue<Request> _sent = new();
    private Queue<Request> _waiting = new();
    private int _dead;
    private int _xid;

    /// <summary>Requests that are under way or wait, given up ones included while they are in the way.</summary>
    public int Count => _sent.Count + _waiting.Count;

    public bool IsFull => Count >= limit;

    public bool HasUnsent => _waiting.Count > 0;

    public void Add(Request request)
    {
        request.IsQueued = true;
        _waiting.Enqueue(request);
    }

    /// <summary>Encodes what waits, as long as there is room; true if anything was.</summary>
    public bool Send(ArrayBufferWriter<byte> output, TimeSpan now)
    {
        var any = false;
        while (output.WrittenCount < MaxUnsent && _waiting.TryDequeue(out var request))
        {
            if (request.IsDone)
            {
                _dead--;
                continue;
            }

            _xid = _xid == int.MaxValue ? 1 : _xid + 1;
            (request.Xid, request.SentAt) = (_xid, now);
            Frame(output, request.Xid, request.OpCode, request);
            _sent.Enqueue(request);
            any = true;
        }

        return any;
    }

    /// <summary>A frame of a request; its length is known only after the body.</summary>
    public static void Frame(ArrayBufferWriter<byte> output, int xid, OpCode opCode, Request? body)
    {
        var start = output.WrittenCount;
        Span<byte> room = stackalloc byte[Paths.OnStack];
        scoped var writer = new JuteWriter(output);
        writer.WriteInt(0);
        writer.Write(new RequestHeader(xid, (int)opCode));
        body?.WriteBody(ref writer, room);
        writer.Commit();
        var frame = System.Runtime.InteropServices.MemoryMarshal.AsMemory(output.WrittenMemory)[start..];
        BinaryPrimitives.WriteInt32BigEndian(frame.Span, frame.Length - 4);
    }

    /// <summary>The request that an answer is for: the oldest that was sent. Null if the answer is for none, which no server
    /// does.</summary>
    public Request? Answered(int xid) => _sent.TryPeek(out var oldest) && oldest.Xid == xid ? _sent.Dequeue() : null;

    /// <summary>A caller has given up.</summary>
    public void Cancel(Request request, CancellationToken token)
    {
        if (request.IsDone)
            return;
        if (request is { Xid: 0, IsQueued: true })
            _dead++;
        Finish(request, new Failure(ErrorCode.RequestTimeout, OutcomeOf(request)) { Canceled = token });
        if (_dead > 16 && _dead > _waiting.Count / 2)
        {
            _waiting = new Queue<Request>(_waiting.Where(waiting => !waiting.IsDone));
            _dead = 0;
        }
    }

    /// <summary>Fails what has taken too long. What was sent stays in the way until its answer comes.</summary>
    public void Expire(TimeSpan now, TimeSpan patience)
    {
        Expire(_sent, now, patience);
        Expire(_waiting, now, patience);
    }

    /// <summary>When the next request will have taken too long.</summary>
    public TimeSpan NextDeadline
    {
        get
        {
            var first = FirstLive(_sent)?.Deadline ?? TimeSpan.MaxValue;
            return FirstLive(_waiting)?.Deadline is { } waiting && waiting < first ? waiting : first;
        }
    }

    /// <summary>The connection is lost.</summary>
    public void OnConnectionLost(string server, string why)
    {
        var lastChange = -1;
        foreach (var (at, request) in _sent.Index())
            lastChange = request.IsChange ? at : lastChange;
        var kept = new Queue<Request>();
        foreach (var (at, request) in _sent.Index())
        {
            if (request.IsDone)
                continue;
            if (at > lastChange)
                kept.Enqueue(request);
            else
                Finish(request, new Failure(ErrorCode.ConnectionLoss, RequestOutcome.Unknown, server, why));
        }

        foreach (var request in _waiting)
        {
            if (request.IsDone)
                continue;
            if (lastChange < 0 || !request.IsChange)
                kept.Enqueue(request);
            else
                Finish(request, new Failure(ErrorCode.ConnectionLoss, RequestOutcome.NotSent, server, "a change before it was lost"));
        }

        foreach (var request in kept)
            request.Xid = 0;
        (_sent, _waiting, _dead) = (new(), kept, 0);
    }

    /// <summary>Fails all that belong to a session, or all there are.</summary>
    public void FailAll(ZooKeeperSession? session, ErrorCode error, string? server, string why)
    {
        foreach (var request in _sent.Where(request => !request.IsDone))
            Finish(request, new Failure(error, RequestOutcome.Unknown, server, why));
        var kept = new Queue<Request>();
        foreach (var request in _waiting.Where(request => !request.IsDone))
        {
            if (session is not null && request.Session is null)
                kept.Enqueue(request);
            else
                Finish(request, new Failure(error, RequestOutcome.NotSent, server, why));
        }

        (_sent, _waiting, _dead) = (new(), kept, 0);
    }

    private static Request? FirstLive(Queue<Request> requests)
    {
        foreach (var request in requests)
        {
            if (!request.IsDone)
                return request;
        }

        return null;
    }

    private static RequestOutcome OutcomeOf(Request request) => request.Xid == 0 ? RequestOutcome.NotSent : RequestOutcome.Unknown;

    private void Expire(Queue<Request> requests, TimeSpan now, TimeSpan patience)
    {
        foreach (var request in requests)
        {
            if (request.IsDone)
                continue;
            if (request.Deadline > now)
                return;
            var outcome = OutcomeOf(request);
            if (outcome == RequestOutcome.NotSent)
                _dead++;
            Finish(request, new Failure(ErrorCode.RequestTimeout, outcome, null, $"no answer within {patience.TotalSeconds:0.###} s"));
        }
    }

    private void Finish(Request request, Failure failure)
    {
        request.Fail(failure);
        done.Add(request);
    }
}
