namespace Quoll.Core.Zab;

/// <summary>What a leader tells operators of its time in office.</summary>
internal sealed class LeaderStats
{
    /// <summary>Bytes of the transactions it has proposed.</summary>
    public Summary Sizes { get; } = new();

    /// <summary>Bytes of the last one; -1 before the first.</summary>
    public int LastSize { get; private set; } = -1;

    /// <summary>When it began to serve.</summary>
    public Instant Since { get; set; }

    public void OnProposed(int size)
    {
        LastSize = size;
        Sizes.Add(size);
    }
}
