using System.Buffers;
using System.Collections.Concurrent;
using Microsoft.AspNetCore.Connections;

namespace Quoll.Server.Clients;

/// <summary>
/// The buffers that sockets read into and replies are gathered in. They hold what a busy client sends at once, where Kestrel's own
/// of 4 KB take a system call for every few requests. An idle connection has none.
/// </summary>
internal sealed class SocketBufferPool : MemoryPool<byte>, IMemoryPoolFactory<byte>
{
    private const int BlockSize = 32 * 1024;

    /// <summary>Blocks kept for their next use; what a burst needs above that goes back to the garbage collector.</summary>
    private const int SpareLimit = 256;

    private readonly ConcurrentQueue<Block> _spare = new();

    public override int MaxBufferSize => BlockSize;

    public override IMemoryOwner<byte> Rent(int minBufferSize = -1)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(minBufferSize, BlockSize);
        return _spare.TryDequeue(out var block) ? block : new Block(this);
    }

    /// <summary>One pool serves all of Kestrel's queues.</summary>
    public MemoryPool<byte> Create(MemoryPoolOptions? options = null) => this;

    protected override void Dispose(bool disposing) => _spare.Clear();

    private void Return(Block block)
    {
        if (_spare.Count < SpareLimit)
            _spare.Enqueue(block);
    }

    private sealed class Block(SocketBufferPool pool) : IMemoryOwner<byte>
    {
        public Memory<byte> Memory { get; } = GC.AllocateUninitializedArray<byte>(BlockSize, pinned: true);

        public void Dispose() => pool.Return(this);
    }
}
