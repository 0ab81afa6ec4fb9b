namespace Quoll.Core.Tree;

/// <summary>Numbered entries in arrays of fixed size: it grows by a page, never by copying. Entry 0 is never used.</summary>
internal sealed class PagedTable<T>
    where T : unmanaged
{
    private const int PageBits = 12;
    private readonly Stack<int> _free = new();
    private T[][] _pages = [new T[1 << PageBits]];

    /// <summary>One above the highest number ever given out.</summary>
    public int End { get; private set; } = 1;

    public int Count => End - 1 - _free.Count;

    public ref T this[int index] => ref _pages[index >> PageBits][index & ((1 << PageBits) - 1)];

    /// <summary>A cleared entry.</summary>
    public int Allocate()
    {
        if (_free.TryPop(out var reused))
        {
            this[reused] = default;
            return reused;
        }

        var page = End >> PageBits;
        if (page == _pages.Length)
            Array.Resize(ref _pages, _pages.Length * 2);
        _pages[page] ??= new T[1 << PageBits];
        return End++;
    }

    public void Free(int index)
    {
        this[index] = default;
        _free.Push(index);
    }
}
