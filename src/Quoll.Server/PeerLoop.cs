using System.Collections.Concurrent;
using System.Diagnostics;
using Quoll.Core;
using Quoll.Protocol;
using Quoll.Server.Clients;
using Quoll.Server.Peers;

namespace Quoll.Server;

internal enum InputKind
{
    Opened,
    Received,
    Flushed,
    Closed,
    Synced,
    SnapshotWritten,
    DiskRoom,
    Tick,
    Ask,
    LinkReceived,
    LinkSent,
    LinkEnded,
}

/// <summary>Something that happened, for the peer.</summary>
internal readonly record struct Input(InputKind Kind, object? Subject = null, long Value = 0);

/// <summary>
/// The one place where the peer runs. Whoever has an input puts it into the inbox; if nobody runs the peer at that moment, he does,
/// until the inbox is empty. So an idle server answers on the thread on which the request arrived, and a busy one takes inputs in
/// batches. The inbox is bounded: a connection has at most one "received" in it, and is not read again before that is taken.
/// </summary>
internal sealed class PeerLoop : IThreadPoolWorkItem
{
    private const int BatchSize = 64;

    /// <summary>Milliseconds for which who brought an input runs the peer: it may be the thread that reads all sockets.</summary>
    private const int LongestTurn = 2;

    private readonly ConcurrentQueue<Input> _inbox = new();
    private readonly List<ClientConnection> _touched = [];
    private readonly List<ClientConnection> _parked = [];
    private readonly HashSet<ClientConnection> _newcomers = [];
    private readonly HashSet<ClientConnection> _leaving = [];
    private readonly QuorumPeer _peer;
    private readonly LogWriter _log;
    private readonly SnapshotThread _snapshots;
    private readonly Action<Notice> _onNotice;
    private readonly Action<Exception> _onFailure;
    private int _running;
    private bool _failed;
    private bool _hasMore;

    public PeerLoop(
        QuorumPeer peer, LogWriter log, SnapshotThread snapshots, Action<Notice> onNotice, Action<Exception> onFailure)
    {
        _peer = peer;
        _log = log;
        _snapshots = snapshots;
        _onNotice = onNotice;
        _onFailure = onFailure;
    }

    /// <summary>What the peer says to other servers goes here; null for a server that stands alone.</summary>
    public PeerLinks? Links { get; set; }

    /// <summary>How long a connection may be without a session (<c>nio.sessionlessCnxnTimeout</c>).</summary>
    public TimeSpan NewcomerPatience { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Called with each connection that is ended because its client does not read what is sent to it.</summary>
    public Action<ClientConnection> OnCutOff { get; init; } = _ => { };

    public static Instant Now => new(Stopwatch.GetTimestamp() / (Stopwatch.Frequency / 1000));

    public static long WallClock => DateTimeOffset.UtcNow.ToUnixTimeMilliseconds();

    /// <summary>Hands over an input, and runs the peer here unless somebody does already.</summary>
    public void Post(in Input input)
    {
        _inbox.Enqueue(input);
        Run();
    }

    /// <summary>Asks something of the peer between two of its steps.</summary>
    public Task<T> AskAsync<T>(Func<QuorumPeer, T> question)
    {
        var answer = new TaskCompletionSource<T>(TaskCreationOptions.RunContinuationsAsynchronously);
        Post(new Input(InputKind.Ask, new Question(() => Answer(question, answer), () => answer.SetCanceled())));
        return answer.Task;
    }

    /// <summary>Tells the peer something, between two of its steps.</summary>
    public void Tell(Action<QuorumPeer> what) => Post(new Input(InputKind.Ask, new Question(() => what(_peer), () => { })));

    /// <summary>Tells the peer something; done once it has taken it.</summary>
    public Task TellAsync(Action<QuorumPeer> what)
    {
        var told = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        Post(new Input(InputKind.Ask, new Question(
            () =>
            {
                what(_peer);
                told.SetResult();
            },
            () => told.SetCanceled())));
        return told.Task;
    }

    // A question changes nothing: one that fails is its asker's affair.
    private void Answer<T>(Func<QuorumPeer, T> question, TaskCompletionSource<T> answer)
    {
        try
        {
            answer.SetResult(question(_peer));
        }
#pragma warning disable CA1031 // It goes to whoever asked.
        catch (Exception e)
#pragma warning restore CA1031
        {
            answer.SetException(e);
        }
    }

    void IThreadPoolWorkItem.Execute() => Run();

    private bool HasWork => _hasMore || !_inbox.IsEmpty;

    private void Run()
    {
        while (HasWork && Interlocked.CompareExchange(ref _running, 1, 0) == 0)
        {
            var more = false;
            try
            {
                var begin = Now;
                while (HasWork && Now - begin <= LongestTurn)
                    RunBatch();
                more = HasWork;
            }
#pragma warning disable CA1031 // Whatever it is: a peer that failed in the middle of a step must not say another word.
            catch (Exception e)
#pragma warning restore CA1031
            {
                _failed = true;
                _onFailure(e);
            }
            finally
            {
                // A full fence: whoever put something into the inbox after it was found empty must find that nobody runs.
                Interlocked.Exchange(ref _running, 0);
            }

            // This thread has worked long enough for the others.
            if (more)
            {
                ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
                return;
            }
        }
    }

    private void RunBatch()
    {
        _hasMore = false;
        if (_failed)
        {
            while (_inbox.TryDequeue(out var unheard))
                (unheard.Subject as Question)?.Withdraw();
            return;
        }

        _peer.Advance(Now, WallClock);
        for (var i = 0; i < BatchSize && _inbox.TryDequeue(out var input); i++)
            Take(input);
        Retry();
        _hasMore |= _peer.HasMore;
        Dispatch();
    }

    private void Take(in Input input)
    {
        switch (input.Kind)
        {
            case InputKind.Opened:
                var opened = (ClientConnection)input.Subject!;
                opened.Client = _peer.OnConnected(opened.Address, opened);
                _newcomers.Add(opened);
                break;
            case InputKind.Received:
                Feed((ClientConnection)input.Subject!);
                break;
            case InputKind.Flushed:
                var flushed = (ClientConnection)input.Subject!;
                flushed.OnFlushed();
                Touch(flushed);
                break;
            case InputKind.Closed:
                var closed = (ClientConnection)input.Subject!;
                _parked.Remove(closed);
                _newcomers.Remove(closed);
                _leaving.Remove(closed);
                _peer.OnClosed(closed.Client!);
                closed.OnClosed();
                break;
            case InputKind.Synced:
                _peer.OnSynced(new Zxid(input.Value));
                break;
            case InputKind.SnapshotWritten:
                _peer.OnSnapshotWritten();
                break;
            case InputKind.DiskRoom:
                _peer.OnDiskRoom(input.Value != 0);
                break;
            case InputKind.Ask:
                ((Question)input.Subject!).Ask();
                break;
            case InputKind.Tick:
                DropSilentNewcomers();
                DropThoseWhoDoNotLeave();
                Links?.OnTick();
                break;
            case InputKind.LinkReceived or InputKind.LinkSent or InputKind.LinkEnded:
                Links!.Take(input, _peer);
                break;
        }
    }

    /// <summary>Gives the peer what a connection has received, as far as it accepts it.</summary>
    private void Feed(ClientConnection connection)
    {
        var fed = connection.Feed(_peer);
        _hasMore |= fed == Fed.Later;
        if (fed != Fed.All)
            _parked.Add(connection);
    }

    private void DropSilentNewcomers()
    {
        _newcomers.RemoveWhere(newcomer =>
        {
            var silent = newcomer.Client!.SessionId == 0 && Now - newcomer.Opened > NewcomerPatience.TotalMilliseconds;
            if (silent)
                newcomer.Abort();
            return silent || newcomer.Client.SessionId != 0;
        });
    }

    // Their last replies wait for clients that do not read.
    private void DropThoseWhoDoNotLeave()
    {
        foreach (var connection in _leaving)
        {
            if (Now - connection.ClosingSince > NewcomerPatience.TotalMilliseconds)
                connection.Abort();
        }
    }

    private void Retry()
    {
        // Who has waited longest comes first: else the last could take all the room there is, again and again.
        var kept = 0;
        for (var i = 0; i < _parked.Count; i++)
        {
            var fed = _parked[i].Feed(_peer);
            _hasMore |= fed == Fed.Later;
            if (fed != Fed.All)
                _parked[kept++] = _parked[i];
        }

        _parked.RemoveRange(kept, _parked.Count - kept);
        Links?.Retry(_peer);
    }

    private void Dispatch()
    {
        var outbox = _peer.Outbox;
        if (outbox.Disk.Effects.Count > 0)
        {
            _log.Take(outbox.Disk.Effects);
            _snapshots.Take(outbox.Disk.Effects);
        }

        Links?.Take(outbox.Peers);

        foreach (var effect in outbox.Clients.Effects)
        {
            var connection = (ClientConnection)effect.Client.Host!;
            if (effect.Kind == ClientEffectKind.Send)
                connection.Send(outbox.Clients.Bytes.Written.Slice(effect.Offset, effect.Length));
            else
                Close(connection);
            Touch(connection);
        }

        foreach (var notice in outbox.Notices)
            _onNotice(notice);
        outbox.Clear();
        foreach (var connection in _touched)
            _hasMore |= connection.Flush();
        _touched.Clear();
    }

    private sealed record Question(Action Ask, Action Withdraw);

    private void Close(ClientConnection connection)
    {
        connection.CloseWhenSent();
        _leaving.Add(connection);
    }

    private void Touch(ClientConnection connection)
    {
        if (connection.Touched)
            return;
        connection.Touched = true;
        _touched.Add(connection);
    }
}
