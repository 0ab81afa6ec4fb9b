using Quoll.Recipes;

namespace Quoll.Tests.Docs;

public sealed class LockSnippets : SnippetHost
{
    [Fact]
    public async Task A_lock_is_held_and_what_it_protects_is_fenced()
    {
        var (client, stop, data, archive) = (Connect(), Token, "text"u8.ToArray(), new Archive());
        await client.CreateAsync("/report", cancellationToken: Token);

        var theLock = new DistributedLock(client, "/locks/report");
        await using LockHandle held = await theLock.AcquireAsync(stop);
        await WorkAsync(held.Lost);                                // fires when the lock is lost, or may be
        await held.Fenced.SetAsync("/report", data);               // refused by the server if it is lost
        await archive.SaveAsync(data, held.FencingToken);          // which refuses tokens smaller than it has seen

        Assert.Equal(data, (await client.GetAsync("/report", Token)).Data);
        await Assert.ThrowsAsync<InvalidOperationException>(() => archive.SaveAsync(data, held.FencingToken - 1));
    }

    [Fact]
    public async Task Other_locks_give_the_same_handles()
    {
        var (client, stop, done) = (Connect(), Token, new List<string>());

        var files = new ReadWriteLock(client, "/locks/files");
        await using (await files.AcquireReadAsync(stop))
            await ReadAsync();
        await using (await files.AcquireWriteAsync(stop))
            await WriteAsync();

        var slots = new DistributedSemaphore(client, "/locks/slots", leases: 3);
        await using LockHandle? slot = await slots.TryAcquireAsync(TimeSpan.FromSeconds(2), stop);

        var both = new MultiLock(client, ["/accounts/1", "/accounts/2"]);
        await using MultiLockHandle pair = await both.AcquireAsync(stop);

        Assert.Equal(["read", "written"], done);
        Assert.NotNull(slot);
        Assert.Equal(2, pair.Handles.Count);

        Task ReadAsync()
        {
            done.Add("read");
            return Task.CompletedTask;
        }

        Task WriteAsync()
        {
            done.Add("written");
            return Task.CompletedTask;
        }
    }

    [Fact]
    public async Task A_leader_leads_until_it_has_done_its_work()
    {
        var (client, stop, data) = (Connect(), Token, "half"u8.ToArray());
        await client.CreateAsync("/master", cancellationToken: Token);
        await client.CreateAsync("/master/progress", cancellationToken: Token);

        var election = new LeaderElection(client, "/master", new ElectionOptions { Identity = "host-7" });
        await election.RunAsync(async (leadership, lost) =>
        {
            await WorkAsync(lost);                                 // it returns when it wants to lead no more
            await leadership.Fenced.SetAsync("/master/progress", data, cancellationToken: lost);
        }, stop);

        await using var latch = new LeaderLatch(client, "/master");
        await latch.WaitAsync(stop);
        if (latch.IsLeader)
            await WorkAsync(latch.Leadership?.Lost ?? stop);

        LockContender? leader = await election.GetLeaderAsync(stop);

        Assert.Equal(data, (await client.GetAsync("/master/progress", Token)).Data);
        Assert.True(leader?.IsHolder);
    }

    private static Task WorkAsync(CancellationToken lost)
    {
        Assert.False(lost.IsCancellationRequested);
        return Task.CompletedTask;
    }

    /// <summary>Something outside of ZooKeeper that knows of fencing tokens.</summary>
    private sealed class Archive
    {
        private long _largest;

        public Task SaveAsync(byte[] data, long token)
        {
            Assert.NotEmpty(data);
            if (token < _largest)
                return Task.FromException(new InvalidOperationException("an older holder"));
            _largest = token;
            return Task.CompletedTask;
        }
    }
}
