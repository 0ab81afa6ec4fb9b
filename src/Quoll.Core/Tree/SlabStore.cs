using System.Runtime.InteropServices;

namespace Quoll.Core.Tree;

/// <summary>
/// Bytes of many small sizes in few large arrays, so that a million znodes are some hundred objects to the garbage collector.
/// Each page serves one size class; freed slots are reused by their class, and an empty page goes back.
/// </summary>
internal sealed class SlabStore
{
    private const int PageSize = 256 * 1024;
    private const int Grain = 16;
    private const int LargestLinear = 2048;
    private const int LargestSlot = 64 * 1024;
    private const int SpareLimit = 16;
    private const int None = -1;

    private readonly List<Page> _pages = [default];   // page 0 is never used: a default reference means "nothing"
    private readonly Stack<int> _freeIds = new();
    private readonly Stack<byte[]> _spare = new();
    private readonly int[] _open = new int[(LargestLinear / Grain) + 64];

    /// <summary>Bytes held in pages, used or not.</summary>
    public long Reserved { get; private set; }

    public SlabRef Allocate(int size)
    {
        if (size == 0)
            return default;
        if (size > LargestSlot)
            return new SlabRef(AddPage(new byte[size], size, slots: 1, sizeClass: None), 0);

        var (sizeClass, slotSize) = ClassOf(size);
        var id = _open[sizeClass];
        if (id == 0)
            id = OpenPage(sizeClass, slotSize);
        ref var page = ref At(id);
        int offset;
        if (page.FreeHead != None)
        {
            offset = page.FreeHead;
            page.FreeHead = MemoryMarshal.Read<int>(page.Bytes.AsSpan(offset));
        }
        else
        {
            offset = page.Fresh * page.SlotSize;
            page.Fresh++;
        }

        if (++page.Live == page.Slots)
            Unlink(id);
        return new SlabRef(id, offset);
    }

    public void Free(SlabRef reference)
    {
        if (reference.Page == 0)
            return;
        ref var page = ref At(reference.Page);
        if (page.SizeClass == None)
        {
            Release(reference.Page);
            return;
        }

        MemoryMarshal.Write(page.Bytes.AsSpan(reference.Offset), page.FreeHead);
        page.FreeHead = reference.Offset;
        if (page.Live-- == page.Slots)
            Link(reference.Page);
        if (page.Live == 0)
        {
            Unlink(reference.Page);
            Release(reference.Page);
        }
    }

    public Span<byte> Span(SlabRef reference, int length) =>
        length == 0 ? default : At(reference.Page).Bytes.AsSpan(reference.Offset, length);

    private ref Page At(int id) => ref CollectionsMarshal.AsSpan(_pages)[id];

    // Steps of 16 bytes up to 2 KB; above that, eight sizes to each doubling: at most an eighth is wasted.
    private static (int Class, int SlotSize) ClassOf(int size)
    {
        if (size <= LargestLinear)
        {
            var step = (size + Grain - 1) / Grain;
            return (step, step * Grain);
        }

        var log = 31 - int.LeadingZeroCount(size - 1);
        var unit = 1 << (log - 3);
        var slot = (size + unit - 1) / unit * unit;
        return ((LargestLinear / Grain) + ((log - 11) * 8) + ((slot - (1 << log)) / unit), slot);
    }

    private int OpenPage(int sizeClass, int slotSize)
    {
        var bytes = _spare.TryPop(out var spare) ? spare : GC.AllocateUninitializedArray<byte>(PageSize);
        var id = AddPage(bytes, slotSize, PageSize / slotSize, sizeClass);
        Link(id);
        return id;
    }

    private int AddPage(byte[] bytes, int slotSize, int slots, int sizeClass)
    {
        var page = new Page { Bytes = bytes, SlotSize = slotSize, Slots = slots, SizeClass = sizeClass, FreeHead = None };
        Reserved += bytes.Length;
        if (_freeIds.TryPop(out var id))
        {
            At(id) = page;
            return id;
        }

        _pages.Add(page);
        return _pages.Count - 1;
    }

    private void Release(int id)
    {
        ref var page = ref At(id);
        Reserved -= page.Bytes.Length;
        if (page.Bytes.Length == PageSize && _spare.Count < SpareLimit)
            _spare.Push(page.Bytes);
        page = default;
        _freeIds.Push(id);
    }

    private void Link(int id)
    {
        ref var page = ref At(id);
        ref var head = ref _open[page.SizeClass];
        page.Next = head;
        page.Previous = 0;
        if (head != 0)
            At(head).Previous = id;
        head = id;
    }

    private void Unlink(int id)
    {
        ref var page = ref At(id);
        if (page.Previous != 0)
            At(page.Previous).Next = page.Next;
        else if (_open[page.SizeClass] == id)
            _open[page.SizeClass] = page.Next;
        if (page.Next != 0)
            At(page.Next).Previous = page.Previous;
        page.Next = page.Previous = 0;
    }

    private struct Page
    {
        public byte[] Bytes;
        public int SlotSize;
        public int Slots;
        public int SizeClass;
        public int Live;
        public int Fresh;      // slots never handed out begin here
        public int FreeHead;   // freed slots, linked through their first four bytes
        public int Next;       // pages of the class that have room
        public int Previous;
    }
}

/// <summary>Where bytes lie in a <see cref="SlabStore"/>. The default value refers to no bytes.</summary>
internal readonly record struct SlabRef(int Page, int Offset);
