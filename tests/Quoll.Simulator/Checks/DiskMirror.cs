using Quoll.Protocol;
using Quoll.Protocol.Jute;
using Quoll.Protocol.Records;
using Quoll.Storage;

namespace Quoll.Simulator.Checks;

/// <summary>
/// What a server's disk holds, as far as the disk itself has confirmed it: kept beside the disk, step by step, and compared with it each
/// time that it is read again, after a crash and when it was cut.
/// </summary>
internal sealed class DiskMirror(Simulation simulation, long server)
{
    private readonly List<long> _log = [];
    private int _synced;

    /// <summary>A snapshot has all up to this one.</summary>
    public long Start { get; private set; }

    /// <summary>The last transaction in the log, synced or not.</summary>
    public long Last => _log.Count > 0 ? _log[^1] : Start;

    /// <summary>The last that survives a crash.</summary>
    public long LastSynced => _synced > 0 ? _log[_synced - 1] : Start;

    public long AcceptedEpoch { get; private set; }

    public long CurrentEpoch { get; private set; }

    /// <summary>The epoch that a start would take for the current one.</summary>
    public long Epoch => Math.Max(CurrentEpoch, new Zxid(LastSynced).Epoch);

    /// <summary>True if a transaction survives a crash.</summary>
    public bool Has(long zxid) => zxid <= Start || (_log.BinarySearch(zxid) is >= 0 and var index && index < _synced);

    public void OnAppended(long zxid)
    {
        simulation.Ledger.OnLogged(server, zxid, Last);
        _log.Add(zxid);
    }

    public void OnSynced() => _synced = _log.Count;

    public void OnAcceptedEpoch(long epoch)
    {
        if (epoch <= AcceptedEpoch)
            simulation.Complain($"server {server} promises epoch {epoch} after {AcceptedEpoch}");
        AcceptedEpoch = epoch;
    }

    /// <summary>To have an epoch is to have the history that its leader began with (I5), and to have promised it (I7).</summary>
    public void OnCurrentEpoch(long epoch)
    {
        if (epoch > AcceptedEpoch)
            simulation.Complain($"server {server} has epoch {epoch} on disk, and has promised only {AcceptedEpoch}");
        CurrentEpoch = epoch;
        simulation.Servers[(int)server - 1].Rules.CheckInitialHistory(epoch, "saves it as its own");
    }

    public void OnCut(long zxid)
    {
        _log.RemoveAll(each => each > zxid);
        _synced = Math.Min(_synced, _log.Count);
        Start = Math.Min(Start, zxid);
    }

    public void OnAdopted(long snapshot)
    {
        _log.Clear();
        _synced = 0;
        Start = snapshot;
    }

    /// <summary>The disk was read: all that was synced must be there, and what is there may be relied on.</summary>
    public void OnRead(SimServer host, (Zxid Start, Zxid Last, long Accepted, long Current) found)
    {
        if (found.Last.Value < LastSynced)
            simulation.Complain($"server {server} had 0x{LastSynced:x} on disk, and ends at {found.Last} when it is read");
        if (found.Accepted < AcceptedEpoch || found.Current < CurrentEpoch)
        {
            simulation.Complain(
                $"server {server} had the epochs {AcceptedEpoch} and {CurrentEpoch} on disk, now {found.Accepted} and {found.Current}");
        }

        if (found.Last.Epoch > found.Current || found.Current > found.Accepted)
            simulation.Complain(
                $"server {server} reads {found.Last}, epochs {found.Current} and {found.Accepted}, which do not go together");
        (AcceptedEpoch, CurrentEpoch) = (found.Accepted, found.Current);
        Start = found.Start.Value;
        _log.Clear();
        var files = new HistoryFiles(host.Disk, SimServer.Directory, SimServer.Directory, SimServer.MaxTxn);
        if (!files.Read(found.Start, found.Last, Take))
            simulation.Complain($"the log of server {server} does not have all from {found.Start} to {found.Last}");
        _synced = _log.Count;
    }

    private bool Take(Zxid zxid, ReadOnlySpan<byte> txn)
    {
        if (!simulation.Ledger.Entries.TryGetValue(zxid.Value, out var entry) || !txn.SequenceEqual(entry.Txn))
        {
            var reader = new JuteReader(txn);
            simulation.Complain($"server {server} reads another {zxid} than was written: {TxnHeader.Read(ref reader)}");
            return false;
        }

        simulation.Ledger.OnLogged(server, zxid.Value, Last);
        _log.Add(zxid.Value);
        return true;
    }
}
