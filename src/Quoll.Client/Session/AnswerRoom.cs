namespace Quoll.Client.Session;

/// <summary>
/// Bounds what was read and whose callers have not gone on yet: beyond that, nothing more is read, and the server has to wait. A slow
/// program would otherwise pile up all that it has asked for.
/// </summary>
/// <param name="schedule">Where the reader goes on.</param>
internal sealed class AnswerRoom(Action<IThreadPoolWorkItem> schedule)
{
    /// <summary>Bytes of answers; the one that exceeds it is still taken.</summary>
    public const int Most = 16 << 20;

    private Turn? _waiter;
    private long _taken;

    /// <summary>An answer was read; under the client's lock, before its caller can go on.</summary>
    public void Take(int length) => Interlocked.Add(ref _taken, length);

    /// <summary>The caller of an answer goes on.</summary>
    public void GiveBack(int length)
    {
        var left = Interlocked.Add(ref _taken, -length);
        if (left < Most && left + length >= Most && Interlocked.Exchange(ref _waiter, null) is { } waiter)
            schedule(waiter);
    }

    /// <summary>Done when there is room. One reader waits at a time: the one before him has been given up.</summary>
    public Task WaitAsync()
    {
        if (Interlocked.Read(ref _taken) < Most)
            return Task.CompletedTask;
        var waiter = new Turn();
        Interlocked.Exchange(ref _waiter, waiter);

        // There may be room since, and nobody who would say so.
        return Interlocked.Read(ref _taken) < Most && Interlocked.CompareExchange(ref _waiter, null, waiter) == waiter
            ? Task.CompletedTask
            : waiter.Task;
    }
}
