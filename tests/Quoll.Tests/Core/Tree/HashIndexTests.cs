using Quoll.Core;
using Quoll.Core.Tree;

namespace Quoll.Tests.Core.Tree;

public sealed class HashIndexTests
{
    [Theory]
    [InlineData(0)]
    [InlineData(5_000)]
    [InlineData(100_000)]
    public void Random_additions_and_removals_leave_just_what_a_set_would_hold(int reserved)
    {
        var prng = new Prng(7);
        var chains = new Words();
        var index = new HashIndex(chains);
        index.Reserve(reserved);
        var model = new HashSet<int>();

        for (var step = 0; step < 100_000; step++)
        {
            var word = 1 + (int)prng.Below(step < 50_000 ? 20_000 : 200);
            if (model.Add(word))
            {
                index.Add(word);
            }
            else
            {
                model.Remove(word);
                index.Remove(word);
            }

            Assert.Equal(model.Count, index.Count);
        }

        for (var word = 1; word <= 20_000; word++)
            Assert.Equal(model.Contains(word), Contains(index, chains, word));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(ulong.MaxValue)]
    public void Names_that_differ_little_spread_evenly(ulong seed)
    {
        const int names = 65_536;
        var used = new HashSet<uint>();
        for (var i = 0; i < names; i++)
            used.Add(HashIndex.Hash(seed, 1, System.Text.Encoding.ASCII.GetBytes($"node-{i:D10}")) & (names - 1));

        // Of so many names in as many places, 63 % of the places get one.
        Assert.InRange(used.Count, names * 60 / 100, names * 66 / 100);
    }

    [Fact]
    public void Numbers_alone_spread_evenly_too()
    {
        const int names = 65_536;
        var used = new HashSet<uint>();
        for (var i = 0; i < names; i++)
            used.Add(HashIndex.Hash(42 ^ (ulong)(i % 256), i / 256, default) & (names - 1));

        Assert.InRange(used.Count, names * 60 / 100, names * 66 / 100);
    }

    [Fact]
    public void No_difference_between_two_names_makes_them_collide_for_every_seed()
    {
        var block = new byte[16];
        var twin = new byte[16];
        for (var first = 0; first < 64; first++)
        {
            for (var mask = 0; mask < 64; mask++)
            {
                Array.Clear(block);
                Array.Clear(twin);
                twin[first / 8] ^= (byte)(1 << (first % 8));
                twin[8 + (mask / 8)] ^= (byte)(1 << (mask % 8));
                twin[8 + (((mask + 32) % 64) / 8)] ^= (byte)(1 << (mask % 8));
                var collisions = Enumerable.Range(1, 8).Count(seed => Hash((ulong)seed, block) == Hash((ulong)seed, twin));
                Assert.InRange(collisions, 0, 2);
            }
        }

        static uint Hash(ulong seed, byte[] bytes) => HashIndex.Hash(seed * 0x9E3779B97F4A7C15, 0, bytes);
    }

    private static bool Contains(HashIndex index, Words words, int word)
    {
        var entry = index.First(((IHashChains)words).HashOf(word));
        while (entry != 0 && entry != word)
            entry = ((IHashChains)words).NextOf(entry);
        return entry == word;
    }

    /// <summary>Entries that are their own names.</summary>
    private sealed class Words : IHashChains
    {
        private readonly Dictionary<int, int> _next = [];

        uint IHashChains.HashOf(int entry) => HashIndex.Hash(3, entry, default);

        int IHashChains.NextOf(int entry) => _next[entry];

        void IHashChains.SetNext(int entry, int next) => _next[entry] = next;
    }
}
