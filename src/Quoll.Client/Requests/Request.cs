using System.Diagnostics;
using System.Threading.Tasks.Sources;
using Quoll.Client.Session;
using Quoll.Protocol;
using Quoll.Protocol.Jute;

namespace Quoll.Client.Requests;

/// <summary>Why a request failed. It becomes an exception where the caller waits.</summary>
internal sealed record Failure(ErrorCode Error, RequestOutcome Outcome, string? Server = null, string? Detail = null)
{
    /// <summary>Set where the caller has given up.</summary>
    public CancellationToken Canceled { get; init; }

    /// <summary>For a transaction, the place of the operation that failed.</summary>
    public int FailedIndex { get; init; } = -1;
}

/// <summary>
/// A request from the moment it is made until its caller goes on. Everything but <see cref="Execute"/> happens under its client's lock;
/// it is done once, and only then executed, on a thread that belongs to nobody: there the caller goes on.
/// </summary>
internal abstract class Request : IThreadPoolWorkItem
{
    private CancellationTokenRegistration _registration;

    protected Request(OpCode opCode, string root, string? path)
    {
        OpCode = opCode;
        Root = root;
        Path = path;
    }

    public OpCode OpCode { get; protected init; }

    /// <summary>The path as the caller knows it, below <see cref="Root"/>.</summary>
    public string? Path { get; }

    /// <summary>What the caller's paths are relative to; empty or a path.</summary>
    public string Root { get; }

    /// <summary>The session that the request must be made in; if null when it is made, the one that there is then.</summary>
    public ZooKeeperSession? Session { get; set; }

    public SessionHost? Host { get; set; }

    public int Xid { get; set; }

    public TimeSpan SentAt { get; set; }

    public TimeSpan Deadline { get; set; }

    /// <summary>Taken in among those that wait. A caller may give up before that.</summary>
    public bool IsQueued { get; set; }

    public bool IsDone { get; private set; }

    /// <summary>Bytes of the answer, until its caller goes on.</summary>
    public int AnswerLength { get; set; }

    /// <summary>True for what changes something: such a request is never made a second time.</summary>
    public bool IsChange => OpCode is OpCode.Create2 or OpCode.CreateContainer or OpCode.CreateTtl or OpCode.Delete or OpCode.SetData
        or OpCode.SetAcl or OpCode.Multi or OpCode.Reconfig or OpCode.CloseSession;

    /// <summary>The watch that the server sets when it answers this request.</summary>
    public Watch? Watch { get; init; }

    public Activity? Activity { get; set; }

    public long StartedAt { get; set; }

    protected Failure? Failure { get; private set; }

    /// <summary>The error that is an answer like any other for this request.</summary>
    public ErrorCode Tolerated { get; init; }

    public abstract void WriteBody(scoped ref JuteWriter writer, Span<byte> room);

    /// <summary>Reads a good answer's body; false where its meaning is a failure, which is set then.</summary>
    protected abstract void ReadBody(scoped ref JuteReader reader);

    public void WatchFor(CancellationToken cancellation)
    {
        if (cancellation.CanBeCanceled)
            _registration = cancellation.UnsafeRegister(static (request, token) => ((Request)request!).OnCanceled(token), this);
    }

    /// <summary>Takes the answer of a server.</summary>
    public void Answer(ErrorCode error, scoped ref JuteReader reader, ServerAddress server)
    {
        if (error == ErrorCode.Ok)
        {
            ReadBody(ref reader);
            if (reader.Malformed)
                Fail(new Failure(ErrorCode.MarshallingError, RequestOutcome.Unknown, server.ToString(), "the answer makes no sense"));
        }
        else if (error != Tolerated)
        {
            Fail(new Failure(error, RequestOutcome.Refused, server.ToString()));
        }

        IsDone = true;
    }

    public void Fail(Failure failure)
    {
        Failure = failure;
        IsDone = true;
    }

    /// <summary>Lets the caller go on.</summary>
    public void Execute()
    {
        _registration.Unregister();
        Host?.OnTaken(AnswerLength);
        // After a sleep the caller must learn that he lost what he held before he learns anything else.
        Session?.CheckLease();
        Telemetry.OnDone(this, Failure);
        Resume();
    }

    protected abstract void Resume();

    private void OnCanceled(CancellationToken token) => Host!.Cancel(this, token);
}

/// <summary>A request with a result. It is the task on which its caller waits, so a round trip costs this one object.</summary>
internal abstract class Request<T>(OpCode opCode, string root, string? path)
    : Request(opCode, root, path), IValueTaskSource<T>, IValueTaskSource
{
    private ManualResetValueTaskSourceCore<bool> _core;   // whether it is done; the result is kept once

    protected T? Result { get; set; }

    public ValueTask<T> Task => new(this, _core.Version);

    public ValueTask Done => new(this, _core.Version);

    protected short Version => _core.Version;

    protected sealed override void Resume()
    {
        if (Failure is null)
            _core.SetResult(true);
        else
            _core.SetException(Failures.ToException(Failure, this));
    }

    public T GetResult(short token)
    {
        _core.GetResult(token);
        return Result!;
    }

    public ValueTaskSourceStatus GetStatus(short token) => _core.GetStatus(token);

    public void OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        _core.OnCompleted(continuation, state, token, flags);

    void IValueTaskSource.GetResult(short token) => _core.GetResult(token);
}

/// <summary>A request whose result may be missing; its caller chooses whether that is an answer or an error.</summary>
internal abstract class OptionalRequest<T>(OpCode opCode, string root, string? path)
    : Request<T?>(opCode, root, path), IValueTaskSource<T>
    where T : struct
{
    /// <summary>For callers who do not tolerate that it is missing.</summary>
    public ValueTask<T> Certain => new(this, Version);

    T IValueTaskSource<T>.GetResult(short token) => GetResult(token)!.Value;
}
