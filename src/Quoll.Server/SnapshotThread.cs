using System.Collections.Concurrent;
using Quoll.Core;
using Quoll.Storage;

namespace Quoll.Server;

/// <summary>Writes snapshots on a thread of its own, so that the log never waits for them.</summary>
internal sealed class SnapshotThread : IDisposable
{
    private readonly DataDirectory _directory;
    private readonly SnapshotCompression _compression;
    private readonly BlockingCollection<DiskEffect> _effects = [];
    private readonly Thread _thread;
    private SnapshotFileWriter? _writer;
    private bool _broken;

    public SnapshotThread(DataDirectory directory, SnapshotCompression compression)
    {
        _directory = directory;
        _compression = compression;
        _thread = new Thread(Run) { Name = "quoll snapshot", IsBackground = true };
    }

    public required Action<string, long> OnWritten { get; init; }

    public required Action<Exception> OnFailure { get; init; }

    /// <summary>Set before <see cref="Start"/>: where to say what was taken.</summary>
    public PeerLoop? Loop { get; set; }

    public void Start() => _thread.Start();

    public void Take(List<DiskEffect> effects)
    {
        foreach (var effect in effects)
        {
            if (effect.Kind is not (DiskEffectKind.Append or DiskEffectKind.RollLog))
                _effects.Add(effect);
        }
    }

    /// <summary>Works on one effect; true if the peer is to be told that bytes were taken.</summary>
    public bool Write(in DiskEffect effect)
    {
        switch (effect.Kind)
        {
            case DiskEffectKind.BeginSnapshot:
                _broken = false;
                _writer = new SnapshotFileWriter(_directory.Disk, _directory.Snapshots, effect.Zxid, _compression);
                break;
            case DiskEffectKind.SnapshotBytes:
                _writer?.Write(effect.Bytes.Span);
                return true;
            case DiskEffectKind.SealSnapshot:
                _writer?.Seal();
                break;
            case DiskEffectKind.EndSnapshot when _writer is { } writer:
                writer.Complete();
                OnWritten(writer.FilePath, writer.Length);
                _writer = null;
                break;
        }

        return false;
    }

    public void Dispose()
    {
        _effects.CompleteAdding();
        if (_thread.IsAlive)
            _thread.Join();
        _writer?.Dispose();
        _effects.Dispose();
    }

    private void Run()
    {
        foreach (var effect in _effects.GetConsumingEnumerable())
        {
            try
            {
                if (!_broken || effect.Kind == DiskEffectKind.BeginSnapshot)
                    Write(effect);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                // The log has everything, and may need the room.
                _broken = true;
                _writer?.Dispose();
                _writer = null;
                RemoveUnfinished();
                OnFailure(e);
            }

            // Told in any case: the peer's snapshot must end, so that there can be another.
            if (effect.Kind == DiskEffectKind.SnapshotBytes)
                Loop!.Post(new Input(InputKind.SnapshotWritten));
        }
    }

    private void RemoveUnfinished()
    {
        try
        {
            SnapshotFileWriter.RemoveUnfinished(_directory.Disk, _directory.Snapshots);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // It is not taken for a snapshot, and the next start tries again.
            OnFailure(e);
        }
    }
}
