using Quoll.Client;
using Quoll.Protocol;

namespace Quoll.Recipes;

/// <summary>
/// Changes that are made together with a check that the lock is still held, so that a holder who has lost it changes nothing, however
/// late he learns of it. A change whose answer was lost may have been made, as always (<see cref="ZooKeeperException.Outcome"/>).
/// </summary>
public sealed class FencedClient
{
    private readonly ZooKeeperClient _client;
    private readonly string _node;

    internal FencedClient(ZooKeeperClient client, string node) => (_client, _node) = (client, node);

    /// <summary>Creates a znode; its path.</summary>
    /// <exception cref="LockLostException">The lock is not held any more.</exception>
    /// <exception cref="TransactionFailedException">The change was refused.</exception>
    public async ValueTask<string> CreateAsync(
        string path, ReadOnlyMemory<byte> data = default, CreateOptions options = default, CancellationToken cancellationToken = default)
    {
        var results = await CommitAsync(new Transaction().Create(path, data, options), cancellationToken).ConfigureAwait(false);
        return results[0].Path!;
    }

    /// <summary>Sets a znode's data; its stat.</summary>
    /// <inheritdoc cref="CreateAsync" path="/exception"/>
    public async ValueTask<Protocol.Records.Stat> SetAsync(
        string path, ReadOnlyMemory<byte> data, int version = -1, CancellationToken cancellationToken = default)
    {
        var results = await CommitAsync(new Transaction().Set(path, data, version), cancellationToken).ConfigureAwait(false);
        return results[0].Stat!.Value;
    }

    /// <summary>Deletes a znode.</summary>
    /// <inheritdoc cref="CreateAsync" path="/exception"/>
    public async ValueTask DeleteAsync(string path, int version = -1, CancellationToken cancellationToken = default) =>
        await CommitAsync(new Transaction().Delete(path, version), cancellationToken).ConfigureAwait(false);

    /// <summary>Makes changes together, or not at all.</summary>
    /// <returns>What came of each of the transaction's operations.</returns>
    /// <inheritdoc cref="CreateAsync" path="/exception"/>
    public async ValueTask<TransactionResult[]> CommitAsync(Transaction transaction, CancellationToken cancellationToken = default)
    {
        try
        {
            var fenced = new Transaction().Check(_node).Append(transaction);
            return (await _client.CommitAsync(fenced, cancellationToken).ConfigureAwait(false))[1..];
        }
        catch (TransactionFailedException e) when (e is { FailedIndex: 0, Error: ErrorCode.NoNode })
        {
            throw new LockLostException($"The lock is not held any more: {_node} is gone. Nothing was changed.");
        }
        catch (TransactionFailedException e)
        {
            throw new TransactionFailedException(e.Error, e.FailedIndex - 1, e.Path, e.Message);
        }
        catch (SessionExpiredException e) when (e.Outcome == RequestOutcome.NotSent)
        {
            throw new LockLostException($"The lock is not held any more: its session has ended. Nothing was changed.");
        }
    }
}
