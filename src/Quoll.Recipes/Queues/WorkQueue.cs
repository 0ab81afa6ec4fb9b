using System.Runtime.CompilerServices;
using System.Text;
using Quoll.Client;
using Quoll.Protocol;
using Quoll.Recipes.Queueing;
using Quoll.Recipes.Queues;
using Quoll.Recipes.Receipts;

namespace Quoll.Recipes;

/// <summary>
/// A queue of work: every item is handed to one consumer at a time, until one completes it. It may be handed out more than once (when a
/// consumer dies, or its session ends), and never gets lost.
/// </summary>
/// <remarks>
/// <para>Items are handed out by priority, then in the order in which they were put in; a delayed one from its time on. An item whose
/// answer was lost is not put in twice.</para>
/// <para>ZooKeeper holds all items in memory, and is made for few: the queue is bounded (<see cref="WorkQueueOptions.MaxItems"/>), and
/// so is an item, to a million bytes. What an item costs the ensemble: three transactions, for putting in, claim and completion, if there
/// is work for all; a consumer that waits makes and removes a place in a line besides, and its first alone tries when the next item comes.
/// No list is read but at the beginning and after a lost connection; an event of some hundred bytes goes to each consumer for whatever is
/// put in, taken or completed. Needs servers of ZooKeeper 3.6 or later.</para>
/// <para>The znodes are those of kazoo's <c>LockingQueue</c>, which can be used at the same path; it does not know of delays, and waits for
/// none.</para>
/// </remarks>
public sealed class WorkQueue
{
    private static readonly TimeSpan LongestSleep = TimeSpan.FromHours(1);
    private readonly ZooKeeperClient _client;
    private readonly WorkQueueOptions _options;
    private readonly QueuePaths _paths;
    private readonly ReceiptBook _receipts;
    private readonly ReadOnlyMemory<byte> _identity;

    /// <param name="client">Whose session takes items.</param>
    /// <param name="path">The znode below which all of the queue is.</param>
    /// <param name="options">How much it may hold, and who we are.</param>
    public WorkQueue(ZooKeeperClient client, string path, WorkQueueOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(client);
        Locations.Validate(path);
        (_client, _options, _paths) = (client, options ?? new WorkQueueOptions(), new QueuePaths(path));
        ArgumentOutOfRangeException.ThrowIfLessThan(_options.MaxItems, 1, nameof(options));
        _identity = Encoding.UTF8.GetBytes(_options.Identity);
        _receipts = new ReceiptBook(client, path, cancellation => _paths.CreateAsync(client, cancellation));
    }

    /// <summary>How many items there are, those that are being worked on included.</summary>
    public async ValueTask<int> CountAsync(CancellationToken cancellationToken = default) =>
        (await _client.ExistsAsync(_paths.Items, cancellationToken).ConfigureAwait(false))?.NumChildren ?? 0;

    /// <summary>Puts an item in, when there is room.</summary>
    /// <exception cref="ArgumentException">The item is too large, or its priority is none.</exception>
    /// <exception cref="SessionExpiredException">The session ended; whether it was put in, <c>Outcome</c> says.</exception>
    /// <exception cref="OperationCanceledException">The caller gave up; it may have been put in, or not.</exception>
    public async ValueTask EnqueueAsync(
        ReadOnlyMemory<byte> data, EnqueueOptions? options = null, CancellationToken cancellationToken = default)
    {
        if (await TryEnqueueAsync(data, options, cancellationToken).ConfigureAwait(false))
            return;

        // Those who wait for room do it one behind the other: so one comes in for each that goes out.
        var plan = new QueuePlan(_paths.Senders, QueueKind.Exclusive, NameStyle.Curator, _identity);
        var turn = await Place.QueueAsync(_client, plan, cancellationToken).ConfigureAwait(false);
        try
        {
            do
                await UntilRoomAsync(cancellationToken).ConfigureAwait(false);
            while (!await TryEnqueueAsync(data, options, cancellationToken).ConfigureAwait(false));
        }
        finally
        {
            turn!.Leave();
        }
    }

    /// <summary>Puts an item in, if there is room.</summary>
    /// <returns>False if the queue is full.</returns>
    /// <inheritdoc cref="EnqueueAsync" path="/exception"/>
    public async ValueTask<bool> TryEnqueueAsync(
        ReadOnlyMemory<byte> data, EnqueueOptions? options = null, CancellationToken cancellationToken = default)
    {
        Limits.ValidateData(data);
        var (priority, notBefore) = (options?.Priority ?? new EnqueueOptions().Priority, options?.NotBefore);
        ArgumentOutOfRangeException.ThrowIfLessThan(priority, 0, nameof(options));
        ArgumentOutOfRangeException.ThrowIfGreaterThan(priority, ItemName.LowestPriority, nameof(options));
        if (await CountAsync(cancellationToken).ConfigureAwait(false) >= _options.MaxItems)
            return false;
        var prefix = $"{_paths.Items}/{ItemName.Prefix(priority, notBefore)}";
        while (true)
        {
            try
            {
                await _receipts.CommitAsync(
                    new Transaction().Create(prefix, data, CreateMode.PersistentSequential), null, cancellationToken).ConfigureAwait(false);
                return true;
            }
            catch (TransactionFailedException e) when (e.Error == ErrorCode.NoNode)
            {
                await _paths.CreateAsync(_client, cancellationToken).ConfigureAwait(false);
            }
        }
    }

    /// <summary>Waits for an item.</summary>
    /// <remarks>For more than one, <see cref="ConsumeAsync"/> costs less: this reads the lists each time.</remarks>
    /// <exception cref="OperationCanceledException">The token fired; no item is held.</exception>
    public async ValueTask<WorkItem> TakeAsync(CancellationToken cancellationToken = default)
    {
        var reader = await QueueReader.OpenAsync(_client, _paths, cancellationToken).ConfigureAwait(false);
        await using var _ = reader.ConfigureAwait(false);
        return await TakeAsync(reader, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>
    /// Items as they come, each when the one before was asked for: an item that is handed out must be completed, abandoned or disposed of,
    /// which may be after the next was asked for. Goes on over lost connections and ended sessions; ends by its token, or with an
    /// exception when the client is closed.
    /// </summary>
    public async IAsyncEnumerable<WorkItem> ConsumeAsync([EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        var reader = await QueueReader.OpenAsync(_client, _paths, cancellationToken).ConfigureAwait(false);
        await using var _ = reader.ConfigureAwait(false);
        while (true)
            yield return await TakeAsync(reader, cancellationToken).ConfigureAwait(false);
    }

    // Whoever finds something takes it; whoever does not, or was not the first, waits in a line whose first alone tries. So consumers who
    // are all woken by one item do not all ask for it.
    private async ValueTask<WorkItem> TakeAsync(QueueReader reader, CancellationToken cancellation)
    {
        while (true)
        {
            await Lives.UntilSessionAsync(_client, cancellation).ConfigureAwait(false);
            try
            {
                var session = await _client.GetSessionAsync(cancellation).ConfigureAwait(false);
                if (reader.Next(Now, out _) is { } name
                    && await TryClaimAsync(name, session, reader, cancellation).ConfigureAwait(false) is { } item)
                {
                    return item;
                }

                if (await TakeInTurnAsync(reader, cancellation).ConfigureAwait(false) is { } awaited)
                    return awaited;
            }
            catch (ZooKeeperException e) when (e is SessionExpiredException or ConnectionLossException)
            {
                // In the next session, or when there is one.
            }
        }
    }

    private async ValueTask<WorkItem?> TakeInTurnAsync(QueueReader reader, CancellationToken cancellation)
    {
        var plan = new QueuePlan(_paths.Takers, QueueKind.Exclusive, NameStyle.Curator, _identity);
        var turn = (await Place.QueueAsync(_client, plan, cancellation).ConfigureAwait(false))!;
        try
        {
            while (!turn.Session.Ended.IsCancellationRequested)
            {
                var changed = reader.Changed;
                if (reader.Next(Now, out var due) is not { } name)
                    await UntilAsync(changed, due, turn.Session, cancellation).ConfigureAwait(false);
                else if (await TryClaimAsync(name, turn.Session, reader, cancellation).ConfigureAwait(false) is { } item)
                    return item;
            }

            return null;
        }
        finally
        {
            turn.Leave();
        }
    }

    private async ValueTask<WorkItem?> TryClaimAsync(
        ItemName name, ZooKeeperSession session, QueueReader reader, CancellationToken cancellation)
    {
        // Whoever gives up while this is under way gives back what comes of it.
        var claiming = ClaimAsync(name, session, reader);
        try
        {
            return await claiming.WaitAsync(cancellation).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
        {
            _ = GiveBackAsync(claiming);
            throw;
        }
    }

    private async Task<WorkItem?> ClaimAsync(ItemName name, ZooKeeperSession session, QueueReader reader)
    {
        var (path, claim) = ($"{_paths.Items}/{name.Name}", $"{_paths.Taken}/{name.Name}");
        try
        {
            await _receipts.CommitAsync(
                new Transaction().Check(path).Create(claim, _identity, CreateMode.Ephemeral), session, CancellationToken.None)
                .ConfigureAwait(false);
        }
        catch (TransactionFailedException e) when (e.Error == ErrorCode.NodeExists)
        {
            reader.Correct(view => view.Take(name.Name));
            return null;
        }
        catch (TransactionFailedException e) when (e.Error == ErrorCode.NoNode)
        {
            if (e.FailedIndex == 0)
                reader.Correct(view => view.Remove(name.Name));
            else
                await _paths.CreateAsync(_client, CancellationToken.None).ConfigureAwait(false);
            return null;
        }

        reader.Correct(view => view.Take(name.Name));
        var bound = _client.InSession(session);
        var read = await Persistently.RequestAsync(
            bound, token => bound.TryGetAsync(path, token), CancellationToken.None).ConfigureAwait(false);
        var item = new WorkItem(name, read ?? default, _paths, session, _receipts);
        if (read is not null)
            return item;

        // Somebody deleted it under our claim.
        await item.AbandonAsync().ConfigureAwait(false);
        return null;
    }

    private static async Task GiveBackAsync(Task<WorkItem?> claiming)
    {
        try
        {
            if (await claiming.ConfigureAwait(false) is { } item)
                await item.AbandonAsync().ConfigureAwait(false);
        }
        catch (ZooKeeperException)
        {
            // Nothing came of it, or it went with its session.
        }
    }

    private async ValueTask UntilAsync(Task changed, long? due, ZooKeeperSession session, CancellationToken cancellation)
    {
        var sleep = due is { } at ? TimeSpan.FromMilliseconds(Math.Max(at - Now, 1)) : LongestSleep;
        using var time = new CancellationTokenSource(sleep < LongestSleep ? sleep : LongestSleep, _client.Options.TimeProvider);
        using var over = CancellationTokenSource.CreateLinkedTokenSource(cancellation, session.Ended, time.Token);
        try
        {
            await changed.WaitAsync(over.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            // It is time to look again, or the session is over.
        }
    }

    private async ValueTask UntilRoomAsync(CancellationToken cancellation)
    {
        // Of the same mode as the readers': servers before 3.9 keep one mode only for a path that a session watches (ZOOKEEPER-4466).
        var watch = await _client.WatchAsync(_paths.Items, WatchMode.PersistentRecursive, cancellation).ConfigureAwait(false);
        await using var _ = ((IAsyncDisposable)watch).ConfigureAwait(false);

        // The first event comes at once.
        await foreach (var change in watch.WithCancellation(cancellation).ConfigureAwait(false))
        {
            if (change.Kind is WatchEventKind.Created or WatchEventKind.DataChanged)
                continue;
            if (await CountAsync(cancellation).ConfigureAwait(false) < _options.MaxItems)
                return;
        }

        ObjectDisposedException.ThrowIf(true, _client);
    }

    private long Now => _client.Options.TimeProvider.GetUtcNow().ToUnixTimeMilliseconds();
}
