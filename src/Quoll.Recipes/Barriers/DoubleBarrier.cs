using System.Text;
using Quoll.Client;
using Quoll.Recipes.Barriers;

namespace Quoll.Recipes;

/// <summary>
/// A double barrier: all begin together, when enough have come, and end together, when all have finished.
/// </summary>
/// <remarks>
/// <para>The number of members is a threshold: who comes when the others are in already enters at once. The barrier can be used again: a
/// member who has left may enter anew. What a group leaves behind whose members have died does not let the next one in.</para>
/// <para>While it waits to enter, a member outlives lost connections; when its session ends it joins anew in the next. A member that is in
/// belongs to its session: with that it has left, for the others.</para>
/// <para>On the same path Curator's <c>DistributedDoubleBarrier</c> and kazoo's <c>DoubleBarrier</c> are members too. Of these, two
/// weaknesses stay: they take what a dead group left behind for theirs, and kazoo's members remove the sign that all are there as soon as
/// one leaves, so that a member who is without a connection from before it was made until then misses it.</para>
/// </remarks>
public sealed class DoubleBarrier
{
    private readonly ZooKeeperClient _client;
    private readonly Gathering _gathering;
    private readonly GatheringPlan _plan;
    private readonly ReadOnlyMemory<byte> _identity;

    /// <param name="client">Whose session the member belongs to.</param>
    /// <param name="path">The znode below which the members are, the same for all.</param>
    /// <param name="members">How many have to come, up to 5000; the same for all.</param>
    /// <param name="identity">Who this is, for people who look; by default the machine and the process.</param>
    public DoubleBarrier(ZooKeeperClient client, string path, int members, string? identity = null)
    {
        ArgumentNullException.ThrowIfNull(client);
        Locations.Validate(path);
        ArgumentOutOfRangeException.ThrowIfLessThan(members, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(members, GatheringPlan.MostMembers);
        _client = client;
        _plan = new GatheringPlan(path, "ready", members, IsLimit: false);
        _gathering = new Gathering(client, _plan);
        _identity = Encoding.UTF8.GetBytes(identity ?? $"{Environment.MachineName}:{Environment.ProcessId}");
    }

    /// <summary>Comes, and waits until enough have come.</summary>
    /// <exception cref="OperationCanceledException">
    /// The token fired: the member leaves, in the background if need be. Should the others have been let in at that moment, it has left for
    /// them; see <see cref="TryEnterAsync"/>.
    /// </exception>
    /// <exception cref="ConnectionLossException">There is no session, and none came within the client's time for requests.</exception>
    public async ValueTask<BarrierTicket> EnterAsync(CancellationToken cancellationToken = default) =>
        new((await _gathering.EnterAsync(_identity, CancellationToken.None, cancellationToken).ConfigureAwait(false))!, _plan, _gathering);

    /// <summary>Comes, and waits for enough others, but not for ever.</summary>
    /// <returns>
    /// The ticket, or null if not enough came in time: then this member is not there any more, and was not counted. All members agree about
    /// that. Making sure of it may take longer than <paramref name="wait"/> while the server does not answer.
    /// </returns>
    /// <inheritdoc cref="EnterAsync" path="/exception"/>
    public async ValueTask<BarrierTicket?> TryEnterAsync(TimeSpan wait, CancellationToken cancellationToken = default)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(wait, TimeSpan.Zero);
        using var patience = new CancellationTokenSource(wait, _client.Options.TimeProvider);
        return await _gathering.EnterAsync(_identity, patience.Token, cancellationToken).ConfigureAwait(false) is { } entry
            ? new BarrierTicket(entry, _plan, _gathering)
            : null;
    }

    /// <summary>How many members are there now, whether they wait to enter, are in, or wait to leave.</summary>
    public async ValueTask<int> CountAsync(CancellationToken cancellationToken = default) =>
        _plan.MembersOf((await _client.TryGetChildrenAsync(_plan.Path, cancellationToken).ConfigureAwait(false))?.Names ?? []).Length;
}
