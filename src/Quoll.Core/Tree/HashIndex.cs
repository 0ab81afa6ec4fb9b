using System.Buffers.Binary;

namespace Quoll.Core.Tree;

/// <summary>What a <see cref="HashIndex"/> must know of the entries it chains. Entries are numbered from 1.</summary>
internal interface IHashChains
{
    uint HashOf(int entry);

    int NextOf(int entry);

    void SetNext(int entry, int next);
}

/// <summary>
/// Linear hashing (Litwin 1980) over entries that carry their own chain link: the table grows by one bucket at a time, so that no
/// insertion ever waits for a rehash. It stores four bytes a bucket and nothing per entry.
/// </summary>
internal sealed class HashIndex(IHashChains entries)
{
    private const int PageBits = 12;
    private const int FirstBuckets = 16;

    private int[][] _pages = [new int[1 << PageBits]];
    private int _buckets = FirstBuckets;
    private int _round = FirstBuckets;   // buckets at the beginning of this round of splits: a power of two

    public int Count { get; private set; }

    /// <summary>The first entry of the chain in which entries of this hash are; 0 when it is empty.</summary>
    public int First(uint hash) => Bucket(BucketOf(hash));

    public void Add(int entry)
    {
        ref var head = ref Bucket(BucketOf(entries.HashOf(entry)));
        entries.SetNext(entry, head);
        head = entry;
        if (++Count > _buckets)
            Split();
    }

    /// <summary>Grows at once for so many entries. While there are few, that costs next to nothing; later, each must be moved.</summary>
    public void Reserve(int count)
    {
        while (_buckets < count)
            Split();
    }

    public void Remove(int entry)
    {
        ref var head = ref Bucket(BucketOf(entries.HashOf(entry)));
        if (head == entry)
        {
            head = entries.NextOf(entry);
        }
        else
        {
            var before = head;
            while (entries.NextOf(before) != entry)
                before = entries.NextOf(before);
            entries.SetNext(before, entries.NextOf(entry));
        }

        Count--;
    }

    /// <summary>
    /// Mixes bytes and a number into a hash. The seed keeps strangers from choosing names that collide: it is the factor of every
    /// step, whose product goes in whole, so that no difference between two names comes out alike for all seeds.
    /// </summary>
    public static uint Hash(ulong seed, int number, ReadOnlySpan<byte> bytes)
    {
        const ulong Prime = 0x9FB21C651E98DF25;
        var factor = ((seed + Prime) * 0x9E3779B97F4A7C15) | 1;
        var h = Fold(seed ^ ((ulong)(uint)number * 0x9E3779B97F4A7C15) ^ ((ulong)bytes.Length << 40), factor);
        while (bytes.Length >= 8)
        {
            h = Fold(h ^ BinaryPrimitives.ReadUInt64LittleEndian(bytes), factor);
            bytes = bytes[8..];
        }

        ulong tail = 0;
        for (var i = 0; i < bytes.Length; i++)
            tail |= (ulong)bytes[i] << (i * 8);
        h = Fold(h ^ tail ^ Prime, factor);
        return (uint)(h ^ (h >> 32));
    }

    private static ulong Fold(ulong left, ulong right)
    {
        var high = Math.BigMul(left, right, out var low);
        return high ^ low;
    }

    private int BucketOf(uint hash)
    {
        var bucket = (int)(hash & (uint)((_round * 2) - 1));
        return bucket < _buckets ? bucket : bucket & (_round - 1);
    }

    private ref int Bucket(int index) => ref _pages[index >> PageBits][index & ((1 << PageBits) - 1)];

    // Divides the next bucket of the round between itself and a new last bucket.
    private void Split()
    {
        var old = _buckets - _round;
        if (_buckets >> PageBits == _pages.Length)
            Array.Resize(ref _pages, _pages.Length * 2);
        _pages[_buckets >> PageBits] ??= new int[1 << PageBits];
        _buckets++;
        var entry = Bucket(old);
        Bucket(old) = 0;
        while (entry != 0)
        {
            var next = entries.NextOf(entry);
            ref var head = ref Bucket(BucketOf(entries.HashOf(entry)));
            entries.SetNext(entry, head);
            head = entry;
            entry = next;
        }

        if (_buckets == _round * 2)
            _round = _buckets;
    }
}
