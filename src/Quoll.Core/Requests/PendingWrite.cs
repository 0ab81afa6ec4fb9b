using Quoll.Protocol;
using Quoll.Protocol.Records;

namespace Quoll.Core.Requests;

/// <summary>A change that was asked for here, on its way to be committed.</summary>
/// <param name="Zxid">Its transaction's number; 0 where that is up to the leader.</param>
/// <param name="Client">Whom to answer; null for nobody.</param>
/// <param name="SessionId">Whose it is.</param>
/// <param name="Op">What was asked for.</param>
/// <param name="Xid">The request's number in its session.</param>
/// <param name="Arrival">When it came.</param>
internal readonly record struct PendingWrite(long Zxid, Client? Client, long SessionId, OpCode Op, int Xid, Instant Arrival)
{
    /// <summary>Of a multi, which parts are answered with a stat; null for none.</summary>
    public bool[]? PartsWithStat { get; init; }

    /// <summary>
    /// True if it became this transaction. Where its number is not known, it is the next of its session and number: what is given to
    /// the leader comes back in the same order, and one that the leader refused as an error.
    /// </summary>
    public bool Became(in TxnHeader txn) => Zxid != 0
        ? Zxid == txn.Zxid
        : SessionId == txn.ClientId && Xid == txn.Cxid && ((int)Op == txn.Type || txn.Type == (int)OpCode.Error);
}
