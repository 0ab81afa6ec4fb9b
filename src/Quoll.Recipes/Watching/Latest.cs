using System.Runtime.CompilerServices;

namespace Quoll.Recipes.Watching;

/// <summary>
/// A value and its readers, who each see the value that there is and from then on the latest: who is slower than the changes misses those
/// between. So nothing grows, however slow they are.
/// </summary>
internal sealed class Latest<T>(T value)
{
    private readonly Lock _gate = new();
    private State _state = new(value, new TaskCompletionSource(), false, null);

    public T Value => Read().Value;

    /// <summary>Readers go on within this call: not to be made under a lock.</summary>
    public void Publish(T next)
    {
        State before;
        lock (_gate)
        {
            before = _state;
            if (before.IsOver)
                return;
            _state = new State(next, new TaskCompletionSource(), false, null);
        }

        before.Replaced.TrySetResult();
    }

    /// <summary>Nothing will come any more; readers end, by an exception if there is one.</summary>
    public void End(Exception? failure)
    {
        State before;
        lock (_gate)
        {
            before = _state;
            if (before.IsOver)
                return;
            _state = before with { IsOver = true, Failure = failure };
        }

        before.Replaced.TrySetResult();
    }

    public async IAsyncEnumerable<T> ObserveAsync([EnumeratorCancellation] CancellationToken cancellation)
    {
        while (true)
        {
            cancellation.ThrowIfCancellationRequested();
            var state = Read();
            if (state.IsOver)
            {
                if (state.Failure is { } failure)
                    throw failure;
                yield break;
            }

            yield return state.Value;
            await state.Replaced.Task.WaitAsync(cancellation).ConfigureAwait(false);
        }
    }

    /// <summary>Waits until it is as it should be; false if it ended before.</summary>
    public async ValueTask<bool> UntilAsync(Func<T, bool> condition, CancellationToken cancellation)
    {
        await foreach (var value in ObserveAsync(cancellation).ConfigureAwait(false))
        {
            if (condition(value))
                return true;
        }

        return false;
    }

    private State Read()
    {
        lock (_gate)
            return _state;
    }

    private sealed record State(T Value, TaskCompletionSource Replaced, bool IsOver, Exception? Failure);
}
