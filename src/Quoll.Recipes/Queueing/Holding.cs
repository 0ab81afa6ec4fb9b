using Quoll.Client;

namespace Quoll.Recipes.Queueing;

/// <summary>What is held in a session: a token that fires when that may be over, armed from the beginning until it is released.</summary>
#pragma warning disable CA1001 // A token source without a timer holds nothing that must be given back; its token is read after the end.
internal sealed class Holding
#pragma warning restore CA1001
{
    private readonly ZooKeeperSession _session;
    private readonly CancellationTokenSource _lost = new();
    private readonly CancellationTokenRegistration _onLapse;
    private readonly CancellationTokenRegistration _onEnd;
    private int _released;

    public Holding(ZooKeeperSession session)
    {
        _session = session;
        Lost = _lost.Token;
        _onLapse = session.Lease.UnsafeRegister(static source => ((CancellationTokenSource)source!).Cancel(), _lost);
        _onEnd = session.Ended.UnsafeRegister(static source => ((CancellationTokenSource)source!).Cancel(), _lost);
    }

    public CancellationToken Lost { get; }

    public bool IsLost => Lost.IsCancellationRequested || _session.LeaseRemaining <= TimeSpan.Zero;

    public bool IsReleased => Volatile.Read(ref _released) != 0;

    /// <summary>Whether there is somebody to answer: otherwise a caller who releases need not wait.</summary>
    public bool CanBeAnswered => _session.LeaseRemaining > TimeSpan.Zero && !_session.Ended.IsCancellationRequested;

    /// <summary>What stood for it is gone, by another's hand unless it was released.</summary>
    public void Lose()
    {
        if (!IsReleased)
            _lost.Cancel();
    }

    /// <summary>True for the first caller only.</summary>
    public bool Release()
    {
        if (Interlocked.Exchange(ref _released, 1) != 0)
            return false;
        _onLapse.Unregister();
        _onEnd.Unregister();
        return true;
    }
}
