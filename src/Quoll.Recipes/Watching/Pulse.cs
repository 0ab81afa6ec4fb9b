using Quoll.Client;

namespace Quoll.Recipes.Watching;

/// <summary>
/// Wakes one loop, however often it was told while it was busy: it looks anew at everything, and so one wake-up stands for all.
/// </summary>
internal sealed class Pulse
{
    private readonly Lock _gate = new();
    private TaskCompletionSource? _waiting;
    private bool _isSet;

    public void Set()
    {
        TaskCompletionSource? waiting;
        lock (_gate)
        {
            (waiting, _waiting) = (_waiting, null);
            _isSet = waiting is null;
        }

        waiting?.TrySetResult();
    }

    /// <summary>Done when it was told since the last time. One waits at a time.</summary>
    public Task WaitAsync(CancellationToken cancellation)
    {
        lock (_gate)
        {
            if (_isSet)
            {
                _isSet = false;
                return Task.CompletedTask;
            }

            _waiting = new TaskCompletionSource();
            return _waiting.Task.WaitAsync(cancellation);
        }
    }

    /// <summary>Tells when a watch fires. One that is disposed of tells nothing; one whose client is closed is found out by the next
    /// request.</summary>
    public async void SetBy(Watch watch)
    {
        var change = await watch.Changed.ConfigureAwait(false);
        if (change.Reason != ResyncReason.Closed)
            Set();
    }
}
