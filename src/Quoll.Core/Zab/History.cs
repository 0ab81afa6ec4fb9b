using Quoll.Protocol;

namespace Quoll.Core.Zab;

/// <summary>
/// Which transactions this server has, by their numbers: a start, before which only a snapshot tells, and then every transaction of some
/// epochs, each from its first to its last one. All after the start is in the log on disk.
/// </summary>
internal sealed class History(Zxid start)
{
    private readonly List<(Zxid First, Zxid Last)> _epochs = [];

    /// <summary>The last transaction of which only the outcome is known.</summary>
    public Zxid Start { get; private set; } = start;

    public Zxid Last => _epochs.Count > 0 ? _epochs[^1].Last : Start;

    /// <summary>True for the number that may follow: the next one, or the first of a later epoch.</summary>
    public bool MayFollow(Zxid zxid) => zxid.Epoch == Last.Epoch ? zxid == Last.Next : zxid.Epoch > Last.Epoch && zxid.Counter == 1;

    public void Append(Zxid zxid)
    {
        Invariant.Holds(MayFollow(zxid));
        if (_epochs.Count > 0 && _epochs[^1].Last.Epoch == zxid.Epoch)
            _epochs[^1] = (_epochs[^1].First, zxid);
        else
            _epochs.Add((zxid, zxid));
    }

    /// <summary>The newest transaction here that is not newer than this one; null if that is before the start.</summary>
    public Zxid? LastUpTo(Zxid zxid)
    {
        for (var i = _epochs.Count - 1; i >= 0; i--)
        {
            if (_epochs[i].First <= zxid)
                return zxid < _epochs[i].Last ? zxid : _epochs[i].Last;
        }

        return Start <= zxid ? Start : null;
    }

    public bool HasEpoch(int epoch) => _epochs.Exists(range => range.First.Epoch == epoch);

    /// <summary>From a tree that came as a whole, with nothing known of the way to it.</summary>
    public void RestartAt(Zxid zxid)
    {
        _epochs.Clear();
        Start = zxid;
    }

    /// <summary>The log begins behind this transaction: what was before it has been deleted.</summary>
    public void ForgetUpTo(Zxid zxid)
    {
        if (zxid <= Start || zxid > Last)
            return;
        Start = zxid;
        _epochs.RemoveAll(range => range.Last <= zxid);
        if (_epochs.Count > 0 && _epochs[0].First <= zxid)
            _epochs[0] = (zxid.Next, _epochs[0].Last);
    }

    /// <summary>What was read again from disk.</summary>
    public void Become(History other)
    {
        RestartAt(other.Start);
        _epochs.AddRange(other._epochs);
    }
}
