namespace Quoll.Recipes;

/// <summary>
/// How the znodes of those who queue are named. Every recipe understands all of these when it reads; what it writes matters to others'
/// clients on the same path, which understand their own only.
/// </summary>
public enum NameStyle
{
    /// <summary>As Curator's and Go's clients name them: <c>_c_</c>, an id, <c>-lock-</c> and the number.</summary>
    Curator,

    /// <summary>As kazoo names them: an id, <c>__lock__</c> and the number.</summary>
    Kazoo,
}
