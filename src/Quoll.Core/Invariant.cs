using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;

namespace Quoll.Core;

/// <summary>Thrown when this server has broken its own rules. It ends the process: a lie is worse than a restart.</summary>
public sealed class InvariantViolationException(string message) : Exception(message);

/// <summary>Checks that hold in release builds too.</summary>
internal static class Invariant
{
    public static void Holds(
        [DoesNotReturnIf(false)] bool condition, [CallerArgumentExpression(nameof(condition))] string? what = null)
    {
        if (!condition)
            throw new InvariantViolationException($"does not hold: {what}");
    }
}
