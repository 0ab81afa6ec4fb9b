namespace Quoll.Core.Tree;

/// <summary>What kind of znode its owner field makes it.</summary>
internal enum OwnerKind
{
    Persistent,
    Session,
    Container,
    Ttl,
}

/// <summary>The meaning of a znode's <c>ephemeralOwner</c> (<c>EphemeralType</c>).</summary>
/// <param name="ExtendedTypes">TTL nodes exist (<c>extendedTypesEnabled</c>); else their owner reads as a session.</param>
/// <param name="Emulate353">TTL nodes in the form of 3.5.3 are understood (<c>emulate353TTLNodes</c>).</param>
internal readonly record struct EphemeralOwner(bool ExtendedTypes, bool Emulate353)
{
    public const long Container = long.MinValue;
    public const long LargestTtl = 0xFF_FFFF_FFFF;
    private const ulong TtlMask = 0xFF00_0000_0000_0000;

    /// <summary>The owner field of a TTL node; milliseconds.</summary>
    public static long OfTtl(long ttl) => (long)(TtlMask | (ulong)ttl);

    public OwnerKind KindOf(long owner)
    {
        if (owner == 0)
            return OwnerKind.Persistent;
        if (owner == Container)
            return OwnerKind.Container;
        if (ExtendedTypes && ((ulong)owner & TtlMask) == TtlMask)
            return OwnerKind.Ttl;
        return Emulate353 && owner < 0 ? OwnerKind.Ttl : OwnerKind.Session;
    }

    /// <summary>The time to live of a TTL node, in milliseconds.</summary>
    public long TtlOf(long owner) =>
        ExtendedTypes && ((ulong)owner & TtlMask) == TtlMask ? owner & LargestTtl : owner & 0x0FFF_FFFF_FFFF_FFFF;
}
