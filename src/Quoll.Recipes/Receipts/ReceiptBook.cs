using Quoll.Client;
using Quoll.Protocol;

namespace Quoll.Recipes.Receipts;

/// <summary>
/// Changes that are made exactly once, also when answers are lost, as long as their session lives. Each sets a <see cref="Receipt"/> in the
/// same transaction; those are kept for the next changes. There are as many as changes were ever under way at the same time, and they go
/// with the session.
/// </summary>
internal sealed class ReceiptBook(ZooKeeperClient client, string parent, Func<CancellationToken, ValueTask> makeParent)
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(50);
    private readonly Lock _gate = new();
    private readonly Stack<Receipt> _free = new();

    /// <summary>Makes a change; in any session, or in <paramref name="session"/> alone.</summary>
    /// <returns>What came of each operation; null if the change was made, but that answer was lost.</returns>
    /// <exception cref="TransactionFailedException">An operation was refused, and so nothing was changed.</exception>
    /// <exception cref="SessionExpiredException">The session ended; what that means for the change, <c>Outcome</c> says.</exception>
    /// <exception cref="OperationCanceledException">The caller gave up; the change may have been made, or not.</exception>
    public async ValueTask<TransactionResult[]?> CommitAsync(
        Transaction change, ZooKeeperSession? session, CancellationToken cancellation)
    {
        while (true)
        {
            try
            {
                var receipt = await TakeAsync(
                    session ?? await client.GetSessionAsync(cancellation).ConfigureAwait(false), cancellation).ConfigureAwait(false);
                return await CommitAsync(receipt, change, cancellation).ConfigureAwait(false);
            }
            catch (SessionExpiredException e) when (session is null && e.Outcome == RequestOutcome.NotSent)
            {
                // Nothing was done; the next session can do it.
            }
            catch (TransactionFailedException e) when (e.FailedIndex < 0)
            {
                // Somebody deleted the receipt before it was of use: another will do.
            }
        }
    }

    private void GiveBack(Receipt receipt)
    {
        lock (_gate)
            _free.Push(receipt);
    }

    private async ValueTask<Receipt> TakeAsync(ZooKeeperSession session, CancellationToken cancellation)
    {
        lock (_gate)
        {
            while (_free.TryPop(out var free))
            {
                if (free.Session == session)
                    return free;
            }
        }

        try
        {
            return await Receipt.CreateAsync(client, session, $"{parent}/receipt-{Ids.New():N}", makeParent, cancellation)
                .ConfigureAwait(false);
        }
        catch (SessionExpiredException e)
        {
            // Whatever became of the receipt, of the change nothing was sent.
            throw new SessionExpiredException(RequestOutcome.NotSent, e.Path, e.Message);
        }
    }

    // Until it is certain what became of the change.
    private async ValueTask<TransactionResult[]?> CommitAsync(Receipt receipt, Transaction change, CancellationToken cancellation)
    {
        var signed = new Transaction().Set(receipt.Path, default, receipt.Version).Append(change);
        var isUncertain = false;
        while (true)
        {
            try
            {
                var results = await receipt.Client.CommitAsync(signed, cancellation).ConfigureAwait(false);
                GiveBack(receipt.Used());
                return results[1..];
            }
            catch (TransactionFailedException e) when (e.FailedIndex > 0)
            {
                GiveBack(receipt);
                throw new TransactionFailedException(e.Error, e.FailedIndex - 1, e.Path, e.Message);
            }
            catch (TransactionFailedException e) when (isUncertain && e.Error == ErrorCode.BadVersion)
            {
                // It is this very change that gave the receipt its version.
                GiveBack(receipt.Used());
                return null;
            }
            catch (TransactionFailedException e)
            {
                throw isUncertain
                    ? new ConnectionLossException(RequestOutcome.Unknown, receipt.Path, $"{e.Message}; an earlier answer was lost")
                    : new TransactionFailedException(e.Error, -1, e.Path, e.Message);
            }
            catch (ZooKeeperException e) when (e is ConnectionLossException or RequestTimeoutException)
            {
                isUncertain |= e.Outcome == RequestOutcome.Unknown;
                cancellation.ThrowIfCancellationRequested();
            }
            catch (ZooKeeperException e) when (e.Error == ErrorCode.ThrottledOp)
            {
                await Queueing.Pauses.ForAsync(Pause, receipt.Client.Options.TimeProvider, cancellation).ConfigureAwait(false);
            }
            catch (SessionExpiredException e) when (isUncertain && e.Outcome != RequestOutcome.Unknown)
            {
                throw new SessionExpiredException(RequestOutcome.Unknown, e.Path, $"{e.Message}; an earlier answer was lost");
            }
        }
    }
}
