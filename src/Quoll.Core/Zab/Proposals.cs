using Quoll.Protocol;

namespace Quoll.Core.Zab;

/// <summary>
/// The transactions logged and not yet applied, in their order, in large buffers that are used again. Their bytes stay where they are
/// until <see cref="RemoveFirst"/>, so that disks and links may read them meanwhile.
/// </summary>
/// <param name="last">The last transaction that was applied before.</param>
internal sealed class Proposals(Zxid last)
{
    // What is usually under way fills a few; more are not kept.
    private const int ChunkSize = 256 * 1024;
    private const int MostSpare = 8;
    private readonly Queue<Proposal> _queue = new();
    private readonly Stack<Chunk> _spare = new();
    private Chunk _filling = new(new byte[ChunkSize]);

    public int Count => _queue.Count;

    /// <summary>Bytes of all of them.</summary>
    public long Bytes { get; private set; }

    /// <summary>The newest transaction.</summary>
    public Zxid Last { get; private set; } = last;

    /// <summary>A quorum has all up to this one.</summary>
    public Zxid Committed { get; private set; } = last;

    /// <summary>This server's disk has all up to this one.</summary>
    public Zxid Synced { get; private set; } = last;

    /// <summary>All of them, in their order.</summary>
    public Queue<Proposal>.Enumerator GetEnumerator() => _queue.GetEnumerator();

    /// <summary>Keeps a copy of a transaction's bytes.</summary>
    public ReadOnlyMemory<byte> Add(Zxid zxid, ReadOnlySpan<byte> txn)
    {
        Invariant.Holds(zxid > Last);
        if (_filling.Bytes.Length - _filling.Used < txn.Length)
        {
            if (_filling.Live == 0)
                Recycle(_filling);
            var fits = txn.Length <= ChunkSize;
            _filling = fits && _spare.TryPop(out var spare) ? spare : new Chunk(new byte[Math.Max(txn.Length, ChunkSize)]);
        }

        var memory = _filling.Bytes.AsMemory(_filling.Used, txn.Length);
        txn.CopyTo(memory.Span);
        _filling.Used += txn.Length;
        _filling.Live++;
        Bytes += txn.Length;
        Last = zxid;
        _queue.Enqueue(new Proposal(zxid, memory, _filling));
        return memory;
    }

    /// <summary>The log is on disk up to this transaction.</summary>
    public void OnSynced(Zxid zxid)
    {
        Invariant.Holds(zxid <= Last && zxid >= Synced);
        Synced = zxid;
    }

    /// <summary>What was decided up to this transaction will never be undone.</summary>
    public void Commit(Zxid zxid)
    {
        Invariant.Holds(zxid <= Last && zxid >= Committed);
        Committed = zxid;
    }

    /// <summary>
    /// The next transaction to apply: committed, and on this server's disk, so that memory is never ahead of it. The caller applies it
    /// and then removes it.
    /// </summary>
    public bool TryPeekCommitted(out Proposal proposal) =>
        _queue.TryPeek(out proposal) && proposal.Zxid <= Committed && proposal.Zxid <= Synced;

    public void RemoveFirst()
    {
        var proposal = _queue.Dequeue();
        Bytes -= proposal.Txn.Length;
        var chunk = (Chunk)proposal.Home;
        if (--chunk.Live > 0)
            return;
        if (chunk == _filling)
            chunk.Used = 0;
        else
            Recycle(chunk);
    }

    private void Recycle(Chunk chunk)
    {
        chunk.Used = 0;
        if (chunk.Bytes.Length == ChunkSize && _spare.Count < MostSpare)
            _spare.Push(chunk);
    }

    private sealed class Chunk(byte[] bytes)
    {
        public byte[] Bytes { get; } = bytes;

        public int Used { get; set; }

        public int Live { get; set; }
    }
}

/// <summary>A transaction under way.</summary>
internal readonly record struct Proposal(Zxid Zxid, ReadOnlyMemory<byte> Txn, object Home);
