using System.Globalization;
using System.Text;
using Quoll.Client;
using Quoll.Protocol;
using Quoll.Recipes.Barriers;
using Quoll.Recipes.Queueing;

namespace Quoll.Recipes;

/// <summary>
/// A queue of a fixed size that starts when it is full, and not before: its members wait for each other, then all know who they are and in
/// which order they came.
/// </summary>
/// <remarks>
/// <para>The size is kept in the child <c>num</c>, so that all agree. Members are ephemeral: who goes before the queue is full is not
/// counted. When it is full, that is written down once, with all who belong to it; who comes later waits for the next queue, which starts
/// when it is full too and all of the one before are gone.</para>
/// <para>While it waits, a member outlives lost connections; when its session ends it joins anew, at the end.</para>
/// </remarks>
public sealed class GatheringQueue
{
    private readonly ZooKeeperClient _client;
    private readonly GatheringPlan _plan;
    private readonly Gathering _gathering;

    /// <param name="client">Whose session the member belongs to.</param>
    /// <param name="path">The znode below which the members are, the same for all.</param>
    /// <param name="size">How many have to come, up to 5000; the same for all.</param>
    public GatheringQueue(ZooKeeperClient client, string path, int size)
    {
        ArgumentNullException.ThrowIfNull(client);
        Locations.Validate(path);
        ArgumentOutOfRangeException.ThrowIfLessThan(size, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(size, GatheringPlan.MostMembers);
        _client = client;
        _plan = new GatheringPlan(path, "started", size, IsLimit: true);
        _gathering = new Gathering(client, _plan);
    }

    /// <summary>Joins the queue, and waits until it is full.</summary>
    /// <param name="data">What the others get to know of this member.</param>
    /// <param name="cancellationToken">Ends the waiting; the member leaves, in the background if need be.</param>
    /// <exception cref="InvalidOperationException">The queue was made with another size.</exception>
    /// <exception cref="ConnectionLossException">There is no session, and none came within the client's time for requests.</exception>
    public async ValueTask<GatheringTicket> JoinAsync(ReadOnlyMemory<byte> data, CancellationToken cancellationToken = default)
    {
        await AgreeOnSizeAsync(cancellationToken).ConfigureAwait(false);
        var entry = await _gathering.EnterAsync(data, CancellationToken.None, cancellationToken).ConfigureAwait(false);
        return new GatheringTicket(entry!, _plan, _gathering);
    }

    /// <summary>How many are in the queue now.</summary>
    public async ValueTask<int> CountAsync(CancellationToken cancellationToken = default) =>
        _plan.MembersOf((await _client.TryGetChildrenAsync(_plan.Path, cancellationToken).ConfigureAwait(false))?.Names ?? []).Length;

    private async ValueTask AgreeOnSizeAsync(CancellationToken cancellation)
    {
        var path = $"{_plan.Path}/{GatheringPlan.SizeName}";
        var size = _plan.Size.ToString(CultureInfo.InvariantCulture);
        while (true)
        {
            var read = await Persistently.RequestAsync(
                _client, token => _client.TryGetAsync(path, token), cancellation).ConfigureAwait(false);
            if (read is { } agreed)
            {
                var others = Encoding.UTF8.GetString(agreed.Data);
                if (others != size)
                    throw new InvalidOperationException($"The queue at {_plan.Path} starts with {others} members, not with {size}.");
                return;
            }

            await CreateAsync(path, Encoding.UTF8.GetBytes(size), cancellation).ConfigureAwait(false);
        }
    }

    private async ValueTask CreateAsync(string path, byte[] data, CancellationToken cancellation)
    {
        try
        {
            await Persistently.RequestAsync(
                _client, token => _client.TryCreateAsync(path, data, CreateMode.Persistent, token), cancellation).ConfigureAwait(false);
        }
        catch (NoNodeException)
        {
            await Persistently.CreateParentsAsync(_client, _plan.Path, cancellation).ConfigureAwait(false);
        }
    }
}

/// <summary>A member of a <see cref="GatheringQueue"/> that is full, until it is disposed of.</summary>
public sealed class GatheringTicket : IAsyncDisposable
{
    private readonly Member _member;
    private readonly GatheringPlan _plan;
    private readonly Gathering _gathering;
    private readonly Holding _holding;
    private readonly string[] _roster;

    internal GatheringTicket(Entry entry, GatheringPlan plan, Gathering gathering)
    {
        (_member, _plan, _gathering) = (entry.Member, plan, gathering);
        _roster = entry.Roster ?? throw new InvalidDataException($"{plan.MarkPath} was not written by a member of a queue.");
        _holding = new Holding(_member.Session);
    }

    /// <summary>Which of the members this is, in the order in which they came, from 0 on.</summary>
    public int Position => Array.IndexOf(_roster, _member.Name);

    /// <summary>How many members there are.</summary>
    public int Count => _roster.Length;

    /// <summary>Fires when the session is lost, or may be, and with it the membership.</summary>
    public CancellationToken Lost => _holding.Lost;

    /// <summary>What the members said of themselves, in the order in which they came; null for those who are gone already.</summary>
    public async ValueTask<IReadOnlyList<byte[]?>> GetMembersAsync(CancellationToken cancellationToken = default)
    {
        var there = await Gathering.InOrderAsync(_member.Client, _plan.Path, _roster, cancellationToken).ConfigureAwait(false);
        var data = there.ToDictionary(found => found.Name, found => found.Znode.Data);
        return Array.ConvertAll(_roster, name => data.GetValueOrDefault(name));
    }

    /// <summary>Leaves. Never fails: if the server can't be reached now, the znode is removed in the background, or goes with its
    /// session.</summary>
    public async ValueTask DisposeAsync()
    {
        if (!_holding.Release())
            return;
        if (_holding.CanBeAnswered)
            await LeaveAsync().ConfigureAwait(false);
        else
            _member.Leave();
    }

    private async ValueTask LeaveAsync()
    {
        try
        {
            if (await _gathering.TryEndAsync(_member, CancellationToken.None).ConfigureAwait(false))
                return;
        }
        catch (ZooKeeperException)
        {
            // Then the mark stays until the next queue is full.
        }

        await _member.LeaveAsync().ConfigureAwait(false);
    }
}
