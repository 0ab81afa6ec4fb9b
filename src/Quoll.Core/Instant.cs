namespace Quoll.Core;

/// <summary>A moment on a clock that only goes forward, in milliseconds since some start; it says nothing about the date.</summary>
public readonly record struct Instant(long Milliseconds)
{
    public static Instant operator +(Instant instant, long milliseconds) => new(instant.Milliseconds + milliseconds);

    public static long operator -(Instant left, Instant right) => left.Milliseconds - right.Milliseconds;

    public static bool operator <(Instant left, Instant right) => left.Milliseconds < right.Milliseconds;

    public static bool operator >(Instant left, Instant right) => left.Milliseconds > right.Milliseconds;

    public static bool operator <=(Instant left, Instant right) => left.Milliseconds <= right.Milliseconds;

    public static bool operator >=(Instant left, Instant right) => left.Milliseconds >= right.Milliseconds;
}
