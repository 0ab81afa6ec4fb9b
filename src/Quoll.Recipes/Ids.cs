namespace Quoll.Recipes;

/// <summary>Ids that nobody else has.</summary>
internal static class Ids
{
    [ThreadStatic]
    private static Random? t_source;

    public static Guid New()
    {
        if (t_source is not { } random)
            return Guid.NewGuid();
        Span<byte> bytes = stackalloc byte[16];
        random.NextBytes(bytes);
        return new Guid(bytes);
    }

    /// <summary>Has them come from a source that can be repeated, on this thread, until that is disposed of: who sorts names goes by
    /// ids.</summary>
    public static IDisposable From(int seed)
    {
        t_source = new Random(seed);
        return new End();
    }

    private sealed class End : IDisposable
    {
        public void Dispose() => t_source = null;
    }
}
