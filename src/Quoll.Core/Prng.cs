namespace Quoll.Core;

/// <summary>The peer's only source of chance (SplitMix64). It is seeded by the options, so that a run can be repeated.</summary>
internal sealed class Prng(ulong seed)
{
    private ulong _state = seed;

    public ulong Next()
    {
        var z = _state += 0x9E3779B97F4A7C15;
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
        return z ^ (z >> 31);
    }

    /// <summary>A number from 0 up to, but not including, <paramref name="bound"/>; 0 when the bound is 0.</summary>
    public long Below(long bound) => bound <= 0 ? 0 : (long)(Next() % (ulong)bound);
}
