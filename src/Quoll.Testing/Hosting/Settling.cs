namespace Quoll.Testing.Hosting;

/// <summary>
/// What is to be done before a clock is moved on: a client that waits for an answer must not find that it came too late.
/// </summary>
internal sealed class Settling(EventLoop loop, TestClock? clock)
{
    /// <summary>For what clients do this is for ever; for who waits in the midst of it for the clock, it is not long.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    public ClientWork Work { get; } = new(loop, clock);

    /// <summary>Returns once clients have read what they waited for, and done what they had to; or when that takes too long.</summary>
    public void Wait()
    {
        Work.ReleaseHeld();
        var isDone = Work.NothingElseIsOpen();
        if (isDone())
            return;
        using var patience = new CancellationTokenSource(Patience);
        try
        {
            while (!isDone())
            {
                if (!Work.TryRunOne())
                    loop.WaitAsync(() => isDone() || Work.HasQueued, patience.Token).GetAwaiter().GetResult();
            }
        }
        catch (OperationCanceledException)
        {
            Work.GiveUp();
        }
    }
}
