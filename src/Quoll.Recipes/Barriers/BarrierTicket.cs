using Quoll.Client;
using Quoll.Recipes.Barriers;
using Quoll.Recipes.Queueing;

namespace Quoll.Recipes;

/// <summary>A member of a <see cref="DoubleBarrier"/> that is in, until it leaves.</summary>
public sealed class BarrierTicket : IAsyncDisposable
{
    private readonly Member _member;
    private readonly GatheringPlan _plan;
    private readonly Gathering _gathering;
    private readonly Holding _holding;

    internal BarrierTicket(Entry entry, GatheringPlan plan, Gathering gathering)
    {
        (_member, _plan, _gathering) = (entry.Member, plan, gathering);
        _holding = new Holding(_member.Session);
    }

    /// <summary>The znode that stands for this member.</summary>
    public string Path => _member.Path;

    /// <summary>The session to which the member belongs.</summary>
    public ZooKeeperSession Session => _member.Session;

    /// <summary>Fires when the session is lost, or may be: then the others may take this member for gone.</summary>
    public CancellationToken Lost => _holding.Lost;

    /// <summary>Says that this member has finished, and waits until all have who were in with it.</summary>
    /// <remarks>A member whose session ends has finished, for the others. Who comes after all have finished is not waited for.</remarks>
    /// <exception cref="SessionExpiredException">The session ended. Whether all have finished is not known.</exception>
    /// <exception cref="OperationCanceledException">The token fired: this member has left, or leaves in the background.</exception>
    /// <exception cref="InvalidOperationException">It has left already.</exception>
    public async ValueTask LeaveAsync(CancellationToken cancellationToken = default)
    {
        if (!_holding.Release())
            throw new InvalidOperationException("The member has left already.");
        try
        {
            await UntilAllHaveLeftAsync(cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            _member.Leave();
        }
    }

    /// <summary>Leaves, if it has not, without waiting for the others. Never fails.</summary>
    public async ValueTask DisposeAsync()
    {
        if (!_holding.Release())
            return;
        if (_holding.CanBeAnswered)
            await _member.LeaveAsync().ConfigureAwait(false);
        else
            _member.Leave();
    }

    // As ZooKeeper's recipe has it: the first by name stays until the last by name is gone, the others go at once and wait for the first.
    // So a change wakes one member or, at the very end, all.
    private async ValueTask UntilAllHaveLeftAsync(CancellationToken cancellation)
    {
        HashSet<string>? group = null;
        while (true)
        {
            cancellation.ThrowIfCancellationRequested();
            var members = await _gathering.MembersAsync(_member.Client, cancellation).ConfigureAwait(false);

            // As long as we are there, nobody has left for good: who is there now is of our group. Who comes later may be of the next.
            group ??= [.. members];
            string[] left = [.. members.Where(group.Contains)];
            var isThere = left.Contains(_member.Name);
            if (left.Length == 0)
                return;
            if (isThere && left.Length == 1)
            {
                if (members.Length > 1 || !await _gathering.TryEndAsync(_member, cancellation).ConfigureAwait(false))
                    await _member.LeaveAsync().WaitAsync(cancellation).ConfigureAwait(false);
            }
            else if (isThere && left[0] != _member.Name)
            {
                await _member.LeaveAsync().WaitAsync(cancellation).ConfigureAwait(false);
            }
            else
            {
                await UntilGoneAsync(isThere ? left[^1] : left[0], cancellation).ConfigureAwait(false);
            }
        }
    }

    private async ValueTask UntilGoneAsync(string name, CancellationToken cancellation)
    {
        var read = await Persistently.TryGetAndWatchAsync(_member.Client, $"{_plan.Path}/{name}", cancellation).ConfigureAwait(false);
        if (read is not { } watched)
            return;
        using (watched.Watch)
            await watched.Watch.Changed.WaitAsync(cancellation).ConfigureAwait(false);
    }
}
