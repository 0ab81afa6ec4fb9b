namespace Quoll.Core;

/// <summary>Least, most, sum and number of some measured values, since the last reset.</summary>
public sealed class Summary
{
    public long Count { get; private set; }

    public long Sum { get; private set; }

    public long Max { get; private set; }

    private long _min = long.MaxValue;

    public long Min => Count == 0 ? 0 : _min;

    public double Average => Count == 0 ? 0 : (double)Sum / Count;

    public void Add(long value)
    {
        Count++;
        Sum += value;
        Max = Math.Max(Max, value);
        _min = Math.Min(_min, value);
    }

    public void Reset()
    {
        Count = Sum = Max = 0;
        _min = long.MaxValue;
    }
}
