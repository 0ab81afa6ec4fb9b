using System.Text;
using Quoll.Client;
using Quoll.Protocol;
using Quoll.Recipes;

namespace Quoll.Samples.MasterElection;

/// <summary>
/// Election by one ephemeral znode: who creates it is the master, and the others watch it. When it goes, all of them try at once.
/// </summary>
/// <remarks>
/// The next master's znode has the same path, so that its being there proves nothing to a master who slept. Therefore terms are counted:
/// whoever creates the znode sets another one with it, and its version is the number of the term. What the master writes is written
/// together with a check of this number.
/// </remarks>
internal static class OneNode
{
    private const string Master = "/one-node/master";
    private const string Term = "/one-node/term";

    public static async Task StandAsync(SampleRun run, string name, CancellationToken stop)
    {
        // In a session of its own: to close it is to step down, whatever was lost on the way.
        await using var client = await run.ConnectAsync();
        await client.TryCreateAsync("/one-node", cancellationToken: stop);
        await client.TryCreateAsync(Term, cancellationToken: stop);
        while (true)
        {
            var term = await WinAsync(client, Encoding.UTF8.GetBytes(name), stop);
            await Book.KeepAsync(client, "/one-node/book", name, changes => CommitAsync(client, term, changes), stop);
        }
    }

    private static async Task<int> WinAsync(ZooKeeperClient client, byte[] name, CancellationToken stop)
    {
        while (true)
        {
            try
            {
                var session = await client.GetSessionAsync(stop);
                var now = await client.ReadManyAsync(new ReadBatch().Get(Master).Get(Term), stop);   // both of the same moment
                var term = now[1].Znode!.Value.Stat.Version;
                if (now[0].Znode is not { } master)
                    await client.CommitAsync(new Transaction().Create(Master, name, CreateMode.Ephemeral).Set(Term, name, term), stop);
                else if (master.Stat.EphemeralOwner == session.Id)
                    return term;
                else
                    await WaitForChangeAsync(client, stop);
            }
            catch (TransactionFailedException e) when (e.Error is ErrorCode.NodeExists or ErrorCode.BadVersion)
            {
                // Somebody was faster.
            }
            catch (ZooKeeperException e) when (e.Outcome != RequestOutcome.Refused)
            {
                // There was no answer. Who is the master, this one perhaps, is seen by looking again.
            }
        }
    }

    private static async Task WaitForChangeAsync(ZooKeeperClient client, CancellationToken stop)
    {
        var (master, watch) = await client.ExistsAndWatchAsync(Master, stop);
        using (watch)
        {
            if (master is not null)
                await watch.Changed.WaitAsync(stop);
        }
    }

    // The znode is there, and no other master has been since: it is ours.
    private static async Task CommitAsync(ZooKeeperClient client, int term, Transaction changes)
    {
        try
        {
            await client.CommitAsync(new Transaction().Check(Master).Check(Term, term).Append(changes));
        }
        catch (TransactionFailedException e) when (e.FailedIndex < 2)
        {
            throw new LockLostException($"term {term} is over");
        }
    }
}
