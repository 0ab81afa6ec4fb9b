using Quoll.Protocol;

namespace Quoll.Core.Zab;

/// <summary>
/// The two numbers that keep a history from being lost: the newest epoch this server has promised to a leader, after which it listens to
/// no older one, and the newest whose leader's history it has. Both are what the disk has; one that is being saved does not count yet.
/// </summary>
internal sealed class Epochs(long accepted, long current, DiskLane disk)
{
    private readonly Queue<(bool IsAccepted, long Epoch)> _saving = new();

    public long Accepted { get; private set; } = accepted;

    public long Current { get; private set; } = current;

    public bool Saving => _saving.Count > 0;

    public void SaveAccepted(long epoch)
    {
        Invariant.Holds(epoch > Accepted);
        Save(DiskEffectKind.SaveAcceptedEpoch, epoch);
    }

    public void SaveCurrent(long epoch)
    {
        Invariant.Holds(epoch >= Current && epoch <= Accepted);
        Save(DiskEffectKind.SaveCurrentEpoch, epoch);
    }

    /// <summary>The disk has the one that was given to it first.</summary>
    public void OnSaved()
    {
        var (isAccepted, epoch) = _saving.Dequeue();
        if (isAccepted)
            Accepted = epoch;
        else
            Current = epoch;
    }

    /// <summary>
    /// What a start would take them for: the disk's word, and no more. Memory may have had a larger current epoch without saving it, for a
    /// transaction of that epoch, and then have lost that when the log was cut; to go on claiming the epoch would be a lie in the election.
    /// </summary>
    public void OnRead(long accepted, long current)
    {
        Accepted = Math.Max(Accepted, accepted);
        Current = current;
    }

    /// <summary>
    /// The log has a transaction of an epoch: so it has the history that its leader began with, though the role ended before it could say
    /// so.
    /// </summary>
    public void OnLogged(long epoch)
    {
        Accepted = Math.Max(Accepted, epoch);
        Current = Math.Max(Current, epoch);
    }

    private void Save(DiskEffectKind kind, long epoch)
    {
        _saving.Enqueue((kind == DiskEffectKind.SaveAcceptedEpoch, epoch));
        disk.Add(kind, Zxid.OfEpoch(epoch));
    }
}
