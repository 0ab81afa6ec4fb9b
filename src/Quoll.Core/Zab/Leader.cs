using Quoll.Protocol;

namespace Quoll.Core.Zab;

/// <summary>
/// Numbers transactions, sends them to disk, and says which are committed: those that a quorum of voters has on disk, in order.
/// Alone, it is the only voter, so what its disk has confirmed is committed. What the bytes mean is not known here.
/// </summary>
internal sealed class Leader(Zxid lastLogged, DiskLane disk)
{
    private Zxid _synced = lastLogged;

    /// <summary>The newest transaction proposed.</summary>
    public Zxid LastProposed { get; private set; } = lastLogged;

    public Proposals Proposals { get; } = new();

    public Zxid NextZxid => LastProposed.Next;

    public void Propose(Zxid zxid, ReadOnlySpan<byte> txn)
    {
        Invariant.Holds(zxid == NextZxid);
        LastProposed = zxid;
        disk.Add(DiskEffectKind.Append, zxid, Proposals.Add(zxid, txn));
    }

    /// <summary>The log is on disk up to this transaction.</summary>
    public void OnSynced(Zxid zxid)
    {
        Invariant.Holds(zxid <= LastProposed && zxid >= _synced);
        _synced = zxid;
    }

    /// <summary>The next transaction to apply, if it is committed; the caller applies it and then removes it from the proposals.</summary>
    public bool TryPeekCommitted(out Proposal proposal)
    {
        proposal = Proposals.Count > 0 ? Proposals.First : default;
        return Proposals.Count > 0 && proposal.Zxid <= _synced;
    }
}
