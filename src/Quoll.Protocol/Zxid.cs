namespace Quoll.Protocol;

/// <summary>A transaction's number: the epoch of the leader that proposed it, and a counter within that epoch.</summary>
public readonly record struct Zxid(long Value) : IComparable<Zxid>
{
    public int Epoch => (int)(Value >> 32);

    public uint Counter => (uint)Value;

    public Zxid Next => new(Value + 1);

    /// <summary>The number before the first transaction of an epoch.</summary>
    public static Zxid OfEpoch(long epoch) => new(epoch << 32);

    public int CompareTo(Zxid other) => Value.CompareTo(other.Value);

    public static bool operator <(Zxid left, Zxid right) => left.Value < right.Value;

    public static bool operator >(Zxid left, Zxid right) => left.Value > right.Value;

    public static bool operator <=(Zxid left, Zxid right) => left.Value <= right.Value;

    public static bool operator >=(Zxid left, Zxid right) => left.Value >= right.Value;

    public override string ToString() => $"0x{Value:x}";
}
