using Quoll.Client;
using Quoll.Protocol;
using Quoll.Protocol.Records;
using Quoll.Recipes.Queueing;

namespace Quoll.Recipes.Barriers;

/// <summary>A member of a complete group.</summary>
/// <param name="Member">Its znode.</param>
/// <param name="Roster">All who were of the group when it was complete; null if others' clients did not say.</param>
internal sealed record Entry(Member Member, string[]? Roster);

/// <summary>
/// Waiting until a group is complete. Who finds all there says so by a mark, in one transaction with a check of each of them: so either all
/// of them enter, or none does, also when one gives up at that moment. The mark lists them, so that one that a group left behind, whose
/// members died, is known for that.
/// </summary>
internal sealed class Gathering(ZooKeeperClient client, GatheringPlan plan)
{
    private const int ReadsAtOnce = 64;

    /// <summary>Joins, and returns when the group is complete. When the session ends before, joins anew in the next.</summary>
    /// <param name="data">The data of the member's znode.</param>
    /// <param name="patience">When this fires, the member withdraws: null, unless it was counted before.</param>
    /// <param name="cancellation">When this fires, the member is withdrawn in the background.</param>
    public async ValueTask<Entry?> EnterAsync(ReadOnlyMemory<byte> data, CancellationToken patience, CancellationToken cancellation)
    {
        using var either = CancellationTokenSource.CreateLinkedTokenSource(patience, cancellation);
        while (true)
        {
            ZooKeeperSession? session = null;
            Member? member = null;
            try
            {
                session = await client.GetSessionAsync(either.Token).ConfigureAwait(false);
                using var unmarked = await WatchMissingMarkAsync(client.InSession(session), either.Token).ConfigureAwait(false);
                member = new Member(client, session, plan.Path, data);
                if (await WaitAsync(member, unmarked, either.Token).ConfigureAwait(false) is { } entry)
                    return entry;
            }
            catch (SessionExpiredException) when (session is not null && client.Session != session)
            {
                // The znode goes with its session.
            }
            catch (OperationCanceledException) when (patience.IsCancellationRequested && !cancellation.IsCancellationRequested)
            {
                return member is null ? null : await WithdrawAsync(member, cancellation).ConfigureAwait(false);
            }
            catch
            {
                member?.Leave();
                throw;
            }
        }
    }

    /// <summary>Removes the last member of a group and the mark in one; false if it is not the last, or there is no mark.</summary>
    public async ValueTask<bool> TryEndAsync(Member member, CancellationToken cancellation)
    {
        // The mark of before we were alone, and still so after: nobody but us can remove it now, and who makes it another changes its
        // version. A mark that was removed and made again can have the version of the one before.
        var before = await StatOfMarkAsync(member.Client, cancellation).ConfigureAwait(false);
        var members = await MembersAsync(member.Client, cancellation).ConfigureAwait(false);
        if (before is null || members is not [var last] || last != member.Name)
            return false;
        if (await StatOfMarkAsync(member.Client, cancellation).ConfigureAwait(false) is not { } stat || stat.Mzxid != before.Value.Mzxid)
            return false;
        try
        {
            await member.Client.CommitAsync(
                new Transaction().Delete(member.Path).Delete(plan.MarkPath, stat.Version), cancellation).ConfigureAwait(false);
            return true;
        }
        catch (ZooKeeperException e) when (e is TransactionFailedException or ConnectionLossException or RequestTimeoutException)
        {
            // The caller looks again.
            return false;
        }
    }

    public async ValueTask<string[]> MembersAsync(ZooKeeperClient reader, CancellationToken cancellation)
    {
        var children = await Persistently.RequestAsync(
            reader, token => reader.TryGetChildrenAsync(plan.Path, token), cancellation).ConfigureAwait(false);
        return plan.MembersOf(children?.Names ?? []);
    }

    /// <summary>Who is among these, with their data, in the order in which they came.</summary>
    public static async ValueTask<List<(string Name, Znode Znode)>> InOrderAsync(
        ZooKeeperClient reader, string parent, string[] names, CancellationToken cancellation)
    {
        var found = new List<(string Name, Znode Znode)>();
        foreach (var chunk in names.Chunk(ReadsAtOnce))
        {
            var reads = Array.ConvertAll(chunk, name => Persistently.RequestAsync(
                reader, token => reader.TryGetAsync($"{parent}/{name}", token), cancellation).AsTask());
            var znodes = await Task.WhenAll(reads).ConfigureAwait(false);
            found.AddRange(chunk.Zip(znodes).Where(pair => pair.Second is not null).Select(pair => (pair.First, pair.Second!.Value)));
        }

        found.Sort((one, other) => one.Znode.Stat.Czxid.CompareTo(other.Znode.Stat.Czxid));
        return found;
    }

    private async ValueTask<Entry?> WaitAsync(Member member, Watch? unmarked, CancellationToken cancellation)
    {
        var created = await member.UntilMadeAsync(cancellation).ConfigureAwait(false);
        var tellsOfLater = unmarked is { IsOver: false };
        var wasMarked = false;
        while (true)
        {
            cancellation.ThrowIfCancellationRequested();

            // In this order: a mark that is there now and lists nobody of these was not made by any of them, whatever they do meanwhile.
            var members = await MembersAsync(member.Client, cancellation).ConfigureAwait(false);
            var marked = await Persistently.RequestAsync(
                member.Client, token => member.Client.ExistsAndWatchAsync(plan.MarkPath, token), cancellation).ConfigureAwait(false);
            using var watch = marked.Watch;
            var mark = marked.Value is null ? null : await ReadMarkAsync(member.Client, cancellation).ConfigureAwait(false);
            var roster = mark is { } read ? Roster.Decode(read.Data) : null;

            // kazoo's members remove the mark when the first of them leaves: that it was made since we are there is enough.
            if (mark is null && unmarked is { IsOver: true })
            {
                var first = await unmarked.Changed.ConfigureAwait(false);
                wasMarked |= first.Kind == WatchEventKind.Created && (tellsOfLater || first.Zxid > created);
            }

            if (wasMarked && mark is null && !plan.IsLimit)
                return new Entry(member, null);

            var step = plan.Decide(members, member.Name, mark is not null, roster);
            switch (step.Move)
            {
                case GatheringMove.JoinAnew:
                    return null;
                case GatheringMove.Enter:
                    return new Entry(member, roster);
                case GatheringMove.Complete:
                    var complete = await TryCompleteAsync(member.Client, step.Members, mark?.Stat.Version, cancellation)
                        .ConfigureAwait(false);

                    // At once: kazoo's members may have removed the mark before it could be read.
                    if (complete?.Contains(member.Name) == true)
                        return new Entry(member, complete);
                    break;
                case GatheringMove.WaitForMember:
                    await UntilGoneAsync(member.Client, step.Other!, watch.Changed, cancellation).ConfigureAwait(false);
                    break;
                default:
                    var change = await watch.Changed.WaitAsync(cancellation).ConfigureAwait(false);
                    wasMarked = change.Kind == WatchEventKind.Created;
                    break;
            }
        }
    }

    // The roster if it is certain that the group is complete by it; otherwise looking again will tell.
    private async ValueTask<string[]?> TryCompleteAsync(
        ZooKeeperClient bound, string[] members, int? leftover, CancellationToken cancellation)
    {
        if (plan.IsLimit)
        {
            var inOrder = await InOrderAsync(bound, plan.Path, members, cancellation).ConfigureAwait(false);
            members = [.. inOrder.Take(plan.Size).Select(found => found.Name)];
            if (members.Length < plan.Size)
                return null;
        }

        members = [.. members.Take(GatheringPlan.MostMembers)];
        var roster = Roster.Encode(members);
        var transaction = new Transaction();
        foreach (var name in members)
            transaction.Check($"{plan.Path}/{name}");
        if (leftover is { } version)
            transaction.Set(plan.MarkPath, roster, version);
        else
            transaction.Create(plan.MarkPath, roster);
        try
        {
            await bound.CommitAsync(transaction, cancellation).ConfigureAwait(false);
            return members;
        }
        catch (TransactionFailedException e) when (e.Error is ErrorCode.NoNode or ErrorCode.NodeExists or ErrorCode.BadVersion)
        {
            // One has gone, or another was faster.
        }
        catch (ZooKeeperException e) when (e is ConnectionLossException or RequestTimeoutException)
        {
            // Done or not.
        }

        return null;
    }

    private async ValueTask UntilGoneAsync(ZooKeeperClient bound, string name, Task markChanged, CancellationToken cancellation)
    {
        var read = await Persistently.TryGetAndWatchAsync(bound, $"{plan.Path}/{name}", cancellation).ConfigureAwait(false);
        if (read is not { } watched)
            return;
        using (watched.Watch)
            await Task.WhenAny(watched.Watch.Changed, markChanged).WaitAsync(cancellation).ConfigureAwait(false);
    }

    // Set before the member is there, so that no mark that counts it can come and go unseen. Null if there is a mark, and where marks stay
    // until all have gone.
    private async ValueTask<Watch?> WatchMissingMarkAsync(ZooKeeperClient bound, CancellationToken cancellation)
    {
        if (plan.IsLimit)
            return null;
        var marked = await Persistently.RequestAsync(
            bound, token => bound.ExistsAndWatchAsync(plan.MarkPath, token), cancellation).ConfigureAwait(false);
        if (marked.Value is null)
            return marked.Watch;
        marked.Watch.Dispose();
        return null;
    }

    private ValueTask<Stat?> StatOfMarkAsync(ZooKeeperClient bound, CancellationToken cancellation) =>
        Persistently.RequestAsync(bound, token => bound.ExistsAsync(plan.MarkPath, token), cancellation);

    private ValueTask<Znode?> ReadMarkAsync(ZooKeeperClient bound, CancellationToken cancellation) =>
        Persistently.RequestAsync(bound, token => bound.TryGetAsync(plan.MarkPath, token), cancellation);

    // Once the znode is gone, nobody can count on it any more; whether somebody has, the mark says.
    private async ValueTask<Entry?> WithdrawAsync(Member member, CancellationToken cancellation)
    {
        await member.LeaveAsync().WaitAsync(cancellation).ConfigureAwait(false);
        try
        {
            var mark = await ReadMarkAsync(member.Client, cancellation).ConfigureAwait(false);
            var roster = mark is { } read ? Roster.Decode(read.Data) : null;
            return roster?.Contains(member.Name) == true ? new Entry(member, roster) : null;
        }
        catch (SessionExpiredException)
        {
            return null;
        }
    }
}
