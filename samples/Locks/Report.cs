using System.Text;
using Quoll.Client;
using Quoll.Protocol;
using Quoll.Recipes;

namespace Quoll.Samples.Locks;

/// <summary>
/// The report: a znode with the name of the last who has written it. Each write is one transaction with a check that the writer's place in
/// the lock's queue is there.
/// </summary>
/// <remarks>
/// <see cref="LockHandle.Fenced"/> does the same in the session that holds the lock, and what that session's client knows to be over it
/// does not even send. Here the client is another one, which knows of no lock: so it is always the server that refuses.
/// </remarks>
internal sealed class Report(ZooKeeperClient client)
{
    private const string Path = "/report";

    public async Task OpenAsync(CancellationToken stop) => await client.TryCreateAsync(Path, "nobody"u8.ToArray(), cancellationToken: stop);

    /// <summary>Who has written it last.</summary>
    public async Task<string> ReadAsync(CancellationToken stop) => Encoding.UTF8.GetString((await client.GetAsync(Path, stop)).Data);

    /// <summary>Writes it, unless the lock is not held any more: then false.</summary>
    public async Task<bool> TryWriteAsync(string name, LockHandle held, CancellationToken stop)
    {
        var write = new Transaction().Check(held.Path).Set(Path, Encoding.UTF8.GetBytes(name));
        while (true)
        {
            try
            {
                await client.CommitAsync(write, stop);
                return true;
            }
            catch (TransactionFailedException e) when (e is { FailedIndex: 0, Error: ErrorCode.NoNode })
            {
                return false;
            }
            catch (ZooKeeperException e) when (e.Outcome != RequestOutcome.Refused)
            {
                // No answer: the connection broke, or the session has ended. To write the same once more under the same lock does no harm.
            }
        }
    }
}
