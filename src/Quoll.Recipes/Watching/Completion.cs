namespace Quoll.Recipes.Watching;

internal static class Completion
{
    /// <summary>Fails what somebody may wait for, and need not: nobody has to look at it.</summary>
    public static void TryFail(this TaskCompletionSource source, Exception failure)
    {
        if (source.TrySetException(failure))
            _ = source.Task.Exception;
    }

    /// <summary>Waits for a task that does not fail, or until the token fires.</summary>
    public static async Task UntilAsync(this Task task, CancellationToken end)
    {
        try
        {
            await task.WaitAsync(end).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (end.IsCancellationRequested)
        {
            // It goes on without us.
        }
    }
}
