namespace Quoll.Recipes.Queueing;

/// <summary>Waiting for a time to pass.</summary>
internal static class Pauses
{
    /// <summary>
    /// A cancelled <see cref="Task.Delay(TimeSpan, TimeProvider, CancellationToken)"/> goes on on the thread pool, whatever the clock; this
    /// goes on where the token fires, so that what runs by a clock of its own runs the same each time.
    /// </summary>
    public static Task ForAsync(TimeSpan time, TimeProvider clock, CancellationToken cancellation) =>
        Task.Delay(time, clock, CancellationToken.None).WaitAsync(cancellation);
}
