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
    private readonly SemaphoreSlim _abandoned = new(0);
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
            if (LogWriter.IsForSnapshots(effect.Kind) || EndsAll(effect.Kind))
                _effects.Add(effect);
        }
    }

    /// <summary>
    /// For the log's thread, before it changes or reads the directory because of such an effect: returns once what was being written is
    /// given up, so that no snapshot of the memory that is about to go comes after it.
    /// </summary>
    public void WaitUntilAbandoned() => _abandoned.Wait();

    /// <summary>Works on one effect.</summary>
    public void Write(in DiskEffect effect)
    {
        switch (effect.Kind)
        {
            case DiskEffectKind.BeginSnapshot:
                _broken = false;
                _writer = new SnapshotFileWriter(_directory.Disk, _directory.Snapshots, effect.Zxid, _compression);
                break;
            case DiskEffectKind.SnapshotBytes:
                _writer?.Write(effect.Bytes.Span);
                break;
            case DiskEffectKind.SealSnapshot:
                _writer?.Seal();
                break;
            case DiskEffectKind.EndSnapshot when _writer is { } writer:
                writer.Complete();
                OnWritten(writer.FilePath, writer.Length);
                _writer = null;
                break;
        }
    }

    public void Dispose()
    {
        _effects.CompleteAdding();
        if (_thread.IsAlive)
            _thread.Join();
        _writer?.Dispose();
        _effects.Dispose();
        _abandoned.Dispose();
    }

    private static bool EndsAll(DiskEffectKind kind) => kind is DiskEffectKind.Truncate or DiskEffectKind.Reload;

    private void Run()
    {
        foreach (var effect in _effects.GetConsumingEnumerable())
        {
            if (EndsAll(effect.Kind))
            {
                Abandon();
                _abandoned.Release();
                continue;
            }

            try
            {
                if (!_broken || effect.Kind == DiskEffectKind.BeginSnapshot)
                {
                    Write(effect);
                    if (effect.Kind == DiskEffectKind.EndSnapshot)
                        Loop!.Tell(peer => peer.OnSnapshotSaved(effect.Zxid));
                }
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                // The log has everything, and may need the room.
                Abandon();
                OnFailure(e);
            }

            // Told in any case: the peer's snapshot must end, so that there can be another.
            if (effect.Kind == DiskEffectKind.SnapshotBytes)
                Loop!.Post(new Input(InputKind.SnapshotWritten));
        }
    }

    private void Abandon()
    {
        _broken = true;
        _writer?.Dispose();
        _writer = null;

        // A writer that failed as it began left a file too.
        RemoveUnfinished();
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
