using System.Runtime.InteropServices;
using SharpFuzz.Common;

namespace Quoll.Fuzz;

/// <summary>Which branches instrumented code took, in AFL's way: a count for each pair of places that follow each other.</summary>
internal static unsafe class BranchTable
{
    private const int Size = 1 << 16;
    private static readonly byte[] Seen = new byte[Size];

    /// <summary>Must come before any instrumented code runs. Code that is not instrumented leaves the table empty.</summary>
    public static void Install() => Trace.SharedMem = (byte*)NativeMemory.AllocZeroed(Size);

    public static int Taken => Seen.Count(bits => bits != 0);

    /// <summary>Some code is instrumented.</summary>
    public static bool IsCounting { get; private set; }

    /// <summary>From here on everything is new again.</summary>
    public static void Forget() => Seen.AsSpan().Clear();

    public static void Clear()
    {
        if (Trace.SharedMem is not null)
            new Span<byte>(Trace.SharedMem, Size).Clear();
    }

    /// <summary>A pair came that never had, or one more often than ever: once, twice, three times, four, eight, 16, 32, 128.</summary>
    public static bool HasNews()
    {
        if (Trace.SharedMem is null)
            return false;
        var news = false;
        var counts = new ReadOnlySpan<byte>(Trace.SharedMem, Size);
        for (var at = counts.IndexOfAnyExcept((byte)0); at >= 0;)
        {
            IsCounting = true;
            var bit = Class(counts[at]);
            news |= (Seen[at] & bit) == 0;
            Seen[at] |= bit;
            var next = counts[(at + 1)..].IndexOfAnyExcept((byte)0);
            at = next < 0 ? -1 : at + 1 + next;
        }

        return news;
    }

    private static byte Class(byte count) => count switch
    {
        1 => 1,
        2 => 2,
        3 => 4,
        < 8 => 8,
        < 16 => 16,
        < 32 => 32,
        < 128 => 64,
        _ => 128,
    };
}
