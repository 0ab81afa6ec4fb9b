using Quoll.Core;
using Quoll.Core.Tree;

namespace Quoll.Tests.Core.Tree;

public sealed class SlabStoreTests
{
    [Fact]
    public void Bytes_stay_as_they_were_written_whatever_is_added_and_freed_around_them()
    {
        var prng = new Prng(11);
        var store = new SlabStore();
        var live = new List<(SlabRef Reference, int Length, byte Fill)>();

        for (var step = 0; step < 60_000; step++)
        {
            var growing = step % 20_000 < 12_000;
            if (live.Count == 0 || prng.Below(10) < (growing ? 7 : 2))
            {
                var length = LengthFor(prng);
                var fill = (byte)prng.Below(256);
                var reference = store.Allocate(length);
                store.Span(reference, length).Fill(fill);
                live.Add((reference, length, fill));
            }
            else
            {
                var at = (int)prng.Below(live.Count);
                AssertFilled(store, live[at]);
                store.Free(live[at].Reference);
                live[at] = live[^1];
                live.RemoveAt(live.Count - 1);
            }
        }

        foreach (var entry in live)
        {
            AssertFilled(store, entry);
            store.Free(entry.Reference);
        }

        Assert.Equal(0, store.Reserved);
    }

    [Fact]
    public void Every_length_up_to_the_largest_slot_and_beyond_has_room()
    {
        var store = new SlabStore();
        foreach (var length in Enumerable.Range(1, 5_000).Concat([8191, 8192, 8193, 65_535, 65_536, 65_537, 1_000_000]))
        {
            var first = store.Allocate(length);
            var second = store.Allocate(length);
            store.Span(first, length).Fill(1);
            store.Span(second, length).Fill(2);
            AssertFilled(store, (first, length, 1));
            store.Free(first);
            AssertFilled(store, (second, length, 2));
            store.Free(second);
        }

        Assert.Equal(0, store.Reserved);
    }

    [Fact]
    public void No_bytes_need_no_room()
    {
        var store = new SlabStore();

        var nothing = store.Allocate(0);

        Assert.True(store.Span(nothing, 0).IsEmpty);
        store.Free(nothing);
        Assert.Equal(0, store.Reserved);
    }

    [Fact]
    public void Entries_of_a_paged_table_keep_their_numbers_and_freed_numbers_come_back_cleared()
    {
        var prng = new Prng(13);
        var table = new PagedTable<long>();
        var model = new Dictionary<int, long>();

        for (var step = 0; step < 50_000; step++)
        {
            if (model.Count == 0 || prng.Below(10) < 6)
            {
                var entry = table.Allocate();
                Assert.NotEqual(0, entry);
                Assert.Equal(0, table[entry]);
                table[entry] = model[entry] = step + 1;
            }
            else
            {
                var entry = model.Keys.First();
                Assert.Equal(model[entry], table[entry]);
                table.Free(entry);
                model.Remove(entry);
            }

            Assert.Equal(model.Count, table.Count);
        }

        Assert.All(model, pair => Assert.Equal(pair.Value, table[pair.Key]));
    }

    private static int LengthFor(Prng prng) => (int)prng.Below(20) switch
    {
        0 => 1 + (int)prng.Below(200_000),
        < 4 => 1 + (int)prng.Below(20_000),
        _ => 1 + (int)prng.Below(300),
    };

    private static void AssertFilled(SlabStore store, (SlabRef Reference, int Length, byte Fill) entry) =>
        Assert.False(store.Span(entry.Reference, entry.Length).ContainsAnyExcept(entry.Fill));
}
