namespace Quoll.Testing.Hosting;

/// <summary>
/// What is to be done before a clock is moved on: a client that waits for an answer must not find that it came too late.
/// </summary>
internal sealed class Settling(EventLoop loop)
{
    /// <summary>For who reads again and again, this is for ever; for who does not, it is not long.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(1);

    /// <summary>On the loop: connections whose clients waited for what has come by now, and do not wait for more yet.</summary>
    public HashSet<ClientConnection> Readers { get; } = [];

    public ClientWork Work { get; } = new(loop);

    /// <summary>Returns once clients have read what they waited for, and done what they had to; or when that takes too long.</summary>
    public void Wait()
    {
        var workIsDone = Work.NothingElseIsOpen();
        if (loop.Ask(IsSettled))
            return;
        using var patience = new CancellationTokenSource(Patience);
        try
        {
            loop.WaitAsync(IsSettled, patience.Token).GetAwaiter().GetResult();
        }
        catch (OperationCanceledException)
        {
            loop.Do(Readers.Clear);
            Work.GiveUp();
        }

        bool IsSettled() => Readers.Count == 0 && workIsDone();
    }
}
