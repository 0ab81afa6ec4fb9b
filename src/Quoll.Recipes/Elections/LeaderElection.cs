using System.Runtime.CompilerServices;
using System.Text;
using Quoll.Client;
using Quoll.Recipes.Queueing;
using Quoll.Recipes.Watching;

namespace Quoll.Recipes;

/// <summary>How an election is held.</summary>
public sealed record ElectionOptions
{
    /// <summary>Who the candidate is, for those who ask who leads; the znode's data.</summary>
    public string Identity { get; init; } = $"{Environment.MachineName}:{Environment.ProcessId}";

    /// <summary>How the znodes are named: as by Curator's <c>LeaderLatch</c>, or by kazoo's <c>Election</c>.</summary>
    public NameStyle NameStyle { get; init; }
}

/// <summary>An election: of all candidates the first leads, and the next takes over when it is gone, in the order in which they
/// came.</summary>
/// <remarks>
/// <para>To lead is to hold a lock: what a leader has is a <see cref="LockHandle"/>, with all that is said there. For a short while after a
/// partition there may be a leader who does not know yet that there is another; <see cref="LockHandle.Lost"/> fires before that
/// as far as clocks go, and what must not be done twice is done by <see cref="LockHandle.Fenced"/> or with the fencing token.</para>
/// <para>Under a lost connection a candidate keeps its place; when its session ends, it begins anew at the end. On the same path Curator's
/// <c>LeaderLatch</c> and kazoo's <c>Election</c> take part.</para>
/// </remarks>
public sealed class LeaderElection
{
    private readonly ZooKeeperClient _client;
    private readonly QueuePlan _plan;

    /// <param name="client">Whose session the candidate stands by.</param>
    /// <param name="path">The election's znode, the same for all.</param>
    /// <param name="options">Who the candidate is.</param>
    public LeaderElection(ZooKeeperClient client, string path, ElectionOptions? options = null)
    {
        options ??= new ElectionOptions();
        _client = client;
        _plan = new QueuePlan(path, QueueKind.Latch, options.NameStyle, Encoding.UTF8.GetBytes(options.Identity));
    }

    /// <summary>The election's znode.</summary>
    public string Path => _plan.Path;

    private QueueKind[] Kinds => _plan.Style == NameStyle.Kazoo ? [QueueKind.Exclusive] : [QueueKind.Latch];

    /// <summary>Stands as a candidate, and waits until it leads. It leads until the handle is disposed of, or
    /// <see cref="LockHandle.Lost"/>.</summary>
    /// <inheritdoc cref="DistributedLock.AcquireAsync" path="/exception"/>
    public async ValueTask<LockHandle> CampaignAsync(CancellationToken cancellationToken = default) =>
        new((await Place.QueueAsync(_client, _plan, cancellationToken).ConfigureAwait(false))!);

    /// <summary>
    /// Leads again and again: waits until it leads, runs <paramref name="lead"/>, whose token fires when leadership is lost, and when that
    /// has happened stands anew. Returns once <paramref name="lead"/> does so by itself; what it throws goes to the caller, but for the
    /// cancellation that follows from the loss. Stands down in each case, and before anybody else leads only if <paramref name="lead"/>
    /// heeds its token.
    /// </summary>
    /// <exception cref="OperationCanceledException">The token fired.</exception>
    public async Task RunAsync(Func<LockHandle, CancellationToken, Task> lead, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(lead);
        while (true)
        {
            var leadership = await StandAsync(cancellationToken).ConfigureAwait(false);
            await using var _ = leadership.ConfigureAwait(false);
            using var either = CancellationTokenSource.CreateLinkedTokenSource(leadership.Lost, cancellationToken);
            try
            {
                await lead(leadership, either.Token).ConfigureAwait(false);
                cancellationToken.ThrowIfCancellationRequested();
                if (!leadership.IsLost)
                    return;
            }
            catch (OperationCanceledException) when (leadership.IsLost && !cancellationToken.IsCancellationRequested)
            {
                // It did as it was told.
            }
        }
    }

    /// <summary>The candidates in the order in which they will lead; the first of them leads.</summary>
    public ValueTask<IReadOnlyList<LockContender>> GetCandidatesAsync(CancellationToken cancellationToken = default) =>
        Contenders.ListAsync(_client, Path, cancellationToken, Kinds);

    /// <summary>Who leads; null if nobody does.</summary>
    public async ValueTask<LockContender?> GetLeaderAsync(CancellationToken cancellationToken = default)
    {
        var (leader, watch) = await LookAsync(cancellationToken).ConfigureAwait(false);
        watch.Dispose();
        return leader;
    }

    /// <summary>Who leads, now and whenever that changes; null while nobody does. A slow reader misses those between.</summary>
    public async IAsyncEnumerable<LockContender?> ObserveLeaderAsync([EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        LockContender? last = null;
        for (var isFirst = true; ; isFirst = false)
        {
            var (leader, watch) = await LookAsync(cancellationToken).ConfigureAwait(false);
            using (watch)
            {
                if (isFirst || leader?.Path != last?.Path)
                    yield return last = leader;
                await watch.Changed.WaitAsync(cancellationToken).ConfigureAwait(false);
            }
        }
    }

    // While there is no session there is nobody to ask, which is no reason to give up leading some day.
    private async ValueTask<LockHandle> StandAsync(CancellationToken cancellation)
    {
        while (true)
        {
            try
            {
                return await CampaignAsync(cancellation).ConfigureAwait(false);
            }
            catch (ZooKeeperException e) when (e is ConnectionLossException or RequestTimeoutException)
            {
                cancellation.ThrowIfCancellationRequested();
            }
        }
    }

    // The leader's znode is watched, so that candidates who come wake nobody; all of them only while there is no leader.
    private ValueTask<(LockContender? Leader, Watch Watch)> LookAsync(CancellationToken cancellation) =>
        Sessions.ReadAsync(_client, LookInSessionAsync, cancellation);

    private async ValueTask<(LockContender? Leader, Watch Watch)> LookInSessionAsync(CancellationToken cancellation)
    {
        while (true)
        {
            if (await Persistently.TryGetChildrenAndWatchAsync(_client, Path, cancellation).ConfigureAwait(false) is not { } queue)
            {
                var path = await Persistently.RequestAsync(
                    _client, token => _client.ExistsAndWatchAsync(Path, token), cancellation).ConfigureAwait(false);
                if (path.Value is null)
                    return (null, path.Watch);
                path.Watch.Dispose();
                continue;
            }

            if (QueueOrder.Sorted(queue.Value.Names, Kinds) is not [var first, ..])
                return (null, queue.Watch);
            queue.Watch.Dispose();
            var node = $"{Path}/{first.Name}";
            if (await Persistently.TryGetAndWatchAsync(_client, node, cancellation).ConfigureAwait(false) is { } leader)
                return (Contenders.Of(leader.Value, node, isHolder: true), leader.Watch);
        }
    }
}
