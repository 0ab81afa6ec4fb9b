using Quoll.Core.Election;
using Quoll.Protocol;
using Quoll.Protocol.Jute;
using Quoll.Protocol.Records;

namespace Quoll.Simulator.Checks;

/// <summary>A transaction, when it was first given to a disk, and the one before it in the log.</summary>
internal sealed class LedgerEntry(byte[] txn, long time)
{
    public byte[] Txn { get; } = txn;

    public long Time { get; } = time;

    public long? Previous { get; set; }
}

/// <summary>
/// What all servers together have done: every transaction, what came before it in the logs, and what was committed. Everything here is
/// checked at every step; it costs a few look-ups. The numbers I1 to I9 are those of <c>docs/simulator.md</c>.
/// </summary>
internal sealed class Ledger(Simulation simulation)
{
    private readonly Dictionary<long, LedgerEntry> _entries = [];
    private readonly List<long> _committed = [];
    private readonly HashSet<long> _isCommitted = [0];

    public IReadOnlyDictionary<long, LedgerEntry> Entries => _entries;

    /// <summary>What was committed, in its order.</summary>
    public IReadOnlyList<long> Committed => _committed;

    public long LastCommitted => _committed.Count > 0 ? _committed[^1] : 0;

    /// <summary>Who led each epoch, in which of its roles, and the last transaction of the history that it began with.</summary>
    public Dictionary<long, (string Role, long Initial)> Epochs { get; } = [];

    /// <summary>
    /// The last transaction of the history that goes by a number. A tree that came before the first transaction of an epoch goes by that
    /// of the epoch, which is no transaction's.
    /// </summary>
    public long LastOf(long number)
    {
        while (new Zxid(number) is { Counter: 0 } epoch && Epochs.TryGetValue(epoch.Epoch, out var led))
            number = led.Initial;
        return number;
    }

    /// <summary>When each session was last heard by a server that served.</summary>
    public Dictionary<long, (long Time, int Timeout)> Heard { get; } = [];

    /// <summary>When the end of a session was first applied anywhere.</summary>
    public Dictionary<long, long> Closed { get; } = [];

    /// <summary>A server gives a transaction to its disk. No number may stand for two (I2).</summary>
    public void OnProposed(long server, long zxid, ReadOnlySpan<byte> txn)
    {
        if (_entries.TryGetValue(zxid, out var known))
        {
            if (!txn.SequenceEqual(known.Txn))
                simulation.Complain($"0x{zxid:x} stands for another transaction on server {server} than before");
            return;
        }

        _entries.Add(zxid, new LedgerEntry(txn.ToArray(), simulation.Now));
        CheckExpiry(txn);
    }

    /// <summary>
    /// A transaction comes behind another in a log: without a hole (I8), and everywhere behind the same one, so that two logs with the same
    /// last transaction are the same log (I1).
    /// </summary>
    public void OnLogged(long server, long zxid, long previous)
    {
        var (next, last) = (new Zxid(zxid), new Zxid(previous));
        if (next.Epoch == last.Epoch ? next != last.Next : next.Epoch < last.Epoch || next.Counter != 1)
            simulation.Complain($"server {server} logs {next} behind {last}");
        if (!_entries.TryGetValue(zxid, out var entry))
            simulation.Complain($"server {server} has {next} on disk, which nobody wrote");
        else if (entry.Previous is { } other && other != LastOf(previous))
            simulation.Complain($"{next} is behind 0x{other:x} in one log, and behind {last} in that of server {server}");
        else
            entry.Previous = LastOf(previous);
    }

    /// <summary>True if the history that ends with a transaction has another in it.</summary>
    public bool Includes(long history, long zxid)
    {
        while (history > zxid && _entries.TryGetValue(history, out var entry) && entry.Previous is { } previous)
            history = previous;
        return history == zxid;
    }

    /// <summary>
    /// A server that serves has applied all up to this transaction, or tells others that it is committed. Histories that are served are
    /// prefixes of each other (I1), and a quorum has them on disk (I3).
    /// </summary>
    public void OnCommitted(long server, long number, string how)
    {
        var zxid = LastOf(number);
        if (_isCommitted.Contains(zxid))
            return;
        if (zxid < LastCommitted || !Includes(zxid, LastCommitted))
        {
            simulation.Complain($"server {server} {how} 0x{zxid:x}, whose history does not have 0x{LastCommitted:x}, which was committed");
            return;
        }

        var first = _committed.Count;
        for (var each = zxid; each > (first > 0 ? _committed[first - 1] : 0); each = _entries[each].Previous!.Value)
            _committed.Add(each);
        _committed.Reverse(first, _committed.Count - first);
        for (var i = first; i < _committed.Count; i++)
            OnFirstCommitted(_committed[i]);
        CheckQuorum($"server {server} {how} it");
    }

    /// <summary>What is committed is on the disks of a quorum: checked whenever there is more of it, or less on a disk (I3).</summary>
    public void CheckQuorum(string when)
    {
        var holders = simulation.Servers.Where(server => simulation.Config.Voters.Contains(server.Id) && server.Mirror.Has(LastCommitted));
        if (holders.Count() <= simulation.Config.Voters.Count / 2)
        {
            var names = string.Join(", ", holders.Select(server => server.Id));
            simulation.Complain($"0x{LastCommitted:x} is committed, and only on the disks of servers [{names}] ({when})");
        }
    }

    /// <summary>The one that leads and serves; null if there is none, or if there are several that think so.</summary>
    public SimServer? Leader()
    {
        var leaders = simulation.Servers.Where(server => server.Peer is { State: ServerState.Leading, Serves: true }).ToList();
        return leaders.Count == 1 ? leaders[0] : null;
    }

    private void OnFirstCommitted(long zxid)
    {
        _isCommitted.Add(zxid);
        var reader = new JuteReader(_entries[zxid].Txn);
        var header = TxnHeader.Read(ref reader);
        if (header.Type == (int)OpCode.CloseSession)
            Closed.TryAdd(header.ClientId, simulation.Now);
    }

    // Nobody ends a session whose client was heard not long ago. How long is rounded in the client's favour, less what a server may hear
    // while it is cut off from its leader.
    private void CheckExpiry(ReadOnlySpan<byte> txn)
    {
        const long Slack = 2_500_000;
        var reader = new JuteReader(txn);
        var header = TxnHeader.Read(ref reader);
        if (header.Type != (int)OpCode.CloseSession || header.Cxid != 0 || !Heard.TryGetValue(header.ClientId, out var heard))
            return;
        var silent = simulation.Now - heard.Time;
        if (silent < (heard.Timeout * 1000L) - Slack)
            simulation.Complain($"session 0x{header.ClientId:x} expires after {silent / 1000} ms of silence, of {heard.Timeout}");
    }
}
