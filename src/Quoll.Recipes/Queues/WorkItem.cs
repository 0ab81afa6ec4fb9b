using Quoll.Client;
using Quoll.Protocol;
using Quoll.Recipes.Queueing;
using Quoll.Recipes.Queues;
using Quoll.Recipes.Receipts;

namespace Quoll.Recipes;

/// <summary>
/// An item of a <see cref="WorkQueue"/> that was handed to us. It must be completed, or it is handed out again: when this is abandoned or
/// disposed of, or our session ends.
/// </summary>
public sealed class WorkItem : IAsyncDisposable
{
    private readonly ReceiptBook _receipts;
    private readonly ZooKeeperSession _session;
    private readonly Holding _holding;
    private readonly string _claim;

    internal WorkItem(ItemName name, Znode znode, QueuePaths paths, ZooKeeperSession session, ReceiptBook receipts)
    {
        (_session, _receipts, Data, Priority) = (session, receipts, znode.Data, name.Priority);
        (Path, _claim) = ($"{paths.Items}/{name.Name}", $"{paths.Taken}/{name.Name}");
        EnqueuedAt = DateTimeOffset.FromUnixTimeMilliseconds(znode.Stat.Ctime);
        _holding = new Holding(session);
    }

    /// <summary>What is to be done.</summary>
    public ReadOnlyMemory<byte> Data { get; }

    /// <summary>The priority with which it was put in.</summary>
    public int Priority { get; }

    /// <summary>When it was put in, by the leader's clock.</summary>
    public DateTimeOffset EnqueuedAt { get; }

    /// <summary>The item's znode.</summary>
    public string Path { get; }

    /// <summary>
    /// Fires when our session is lost, or may be, before a server would let others have the item. Armed from the beginning; never by the
    /// methods of this.
    /// </summary>
    public CancellationToken Lost => _holding.Lost;

    /// <summary>Says that it is done: the item and the claim to it are removed together.</summary>
    /// <returns>False if it was not ours any more: it is handed out again, if it was not completed by another since.</returns>
    /// <exception cref="SessionExpiredException">The session ended before the answer: whether it is completed is not known.</exception>
    /// <exception cref="OperationCanceledException">The caller gave up; it may be completed, and is given back if it is not.</exception>
    /// <exception cref="InvalidOperationException">It was completed or given back before.</exception>
    public async ValueTask<bool> CompleteAsync(CancellationToken cancellationToken = default)
    {
        if (!_holding.Release())
            throw new InvalidOperationException("The item was completed or given back before.");
        try
        {
            await _receipts.CommitAsync(new Transaction().Delete(Path).Delete(_claim), _session, cancellationToken).ConfigureAwait(false);
            return true;
        }
        catch (TransactionFailedException e) when (e.Error == ErrorCode.NoNode)
        {
            // Either the item is gone, whose claim may be left, or the claim.
            if (e.FailedIndex == 0)
                await GiveBackAsync().ConfigureAwait(false);
            return false;
        }
        catch (SessionExpiredException e) when (e.Outcome == RequestOutcome.NotSent)
        {
            return false;
        }
        catch
        {
            _ = GiveBackAsync();
            throw;
        }
    }

    /// <summary>
    /// Gives it back, to be handed out again at its place. Never fails: if the server can't be reached now, that is done in the
    /// background, or by the end of the session.
    /// </summary>
    public async ValueTask AbandonAsync()
    {
        if (!_holding.Release())
            return;
        var giving = GiveBackAsync();
        if (_holding.CanBeAnswered)
            await giving.ConfigureAwait(false);
    }

    /// <summary>The same as <see cref="AbandonAsync"/>, if it was not completed.</summary>
    public ValueTask DisposeAsync() => AbandonAsync();

    private async Task GiveBackAsync()
    {
        try
        {
            await _receipts.CommitAsync(new Transaction().Delete(_claim), _session, CancellationToken.None).ConfigureAwait(false);
        }
        catch (ZooKeeperException)
        {
            // It was not ours any more, or the session is over, and with it the claim.
        }
    }
}
