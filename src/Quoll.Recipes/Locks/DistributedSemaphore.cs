using System.Globalization;
using System.Text;
using Quoll.Client;
using Quoll.Recipes.Queueing;

namespace Quoll.Recipes;

/// <summary>A number of leases, of which each holder has one; who comes when all are out waits, in the order of coming.</summary>
/// <remarks>
/// How many there are stands in the znode at the path, so that its users can't disagree: whoever comes with another number is refused. One
/// of those who wait looks for a lease that is given back, and the others wait for him. All else is as with <see cref="DistributedLock"/>.
/// The layout is that of Curator's <c>InterProcessSemaphoreV2</c>.
/// </remarks>
public sealed class DistributedSemaphore
{
    private readonly ZooKeeperClient _client;
    private readonly QueuePlan _plan;
    private readonly DistributedLock _turn;
    private bool _isAgreed;

    /// <param name="client">Whose session holds the leases.</param>
    /// <param name="path">The semaphore's znode, the same for all.</param>
    /// <param name="leases">How many leases there are, the same for all; at least one.</param>
    /// <param name="options">Who wants a lease.</param>
    public DistributedSemaphore(ZooKeeperClient client, string path, int leases, LockOptions? options = null)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(leases, 1);
        options = (options ?? new LockOptions()) with { NameStyle = NameStyle.Curator };
        _client = client;
        Path = path;
        Leases = leases;
        _plan = new QueuePlan($"{path}/leases", QueueKind.Lease, NameStyle.Curator, Encoding.UTF8.GetBytes(options.Identity))
        {
            Leases = leases,
        };
        _turn = new DistributedLock(client, $"{path}/locks", options);
    }

    /// <summary>The semaphore's znode.</summary>
    public string Path { get; }

    /// <summary>How many leases there are.</summary>
    public int Leases { get; }

    /// <summary>Waits for a lease.</summary>
    /// <exception cref="InvalidOperationException">The semaphore has another number of leases.</exception>
    /// <inheritdoc cref="DistributedLock.AcquireAsync" path="/exception"/>
    public async ValueTask<LockHandle> AcquireAsync(CancellationToken cancellationToken = default)
    {
        await AgreeAsync(cancellationToken).ConfigureAwait(false);
        var turn = await _turn.AcquireAsync(cancellationToken).ConfigureAwait(false);
        await using (turn.ConfigureAwait(false))
            return new LockHandle((await Place.QueueAsync(_client, _plan, cancellationToken).ConfigureAwait(false))!);
    }

    /// <summary>Takes a lease if that is possible within a time; without one, if one is free and nobody waits for it.</summary>
    /// <returns>The lease, or null.</returns>
    /// <exception cref="InvalidOperationException">The semaphore has another number of leases.</exception>
    /// <inheritdoc cref="DistributedLock.AcquireAsync" path="/exception"/>
    public async ValueTask<LockHandle?> TryAcquireAsync(TimeSpan wait = default, CancellationToken cancellationToken = default)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(wait, TimeSpan.Zero);
        await AgreeAsync(cancellationToken).ConfigureAwait(false);
        var begun = _client.Options.TimeProvider.GetTimestamp();
        if (await _turn.TryAcquireAsync(wait, cancellationToken).ConfigureAwait(false) is not { } turn)
            return null;
        await using (turn.ConfigureAwait(false))
        {
            var left = wait - _client.Options.TimeProvider.GetElapsedTime(begun);
            var patience = left > TimeSpan.Zero ? left : TimeSpan.Zero;
            var place = await Waiting.TryAsync(_client, _plan, patience, cancellationToken).ConfigureAwait(false);
            return place is null ? null : new LockHandle(place);
        }
    }

    /// <summary>Who holds a lease, in the order in which they got it, and after them who waits for the next.</summary>
    public async ValueTask<IReadOnlyList<LockContender>> GetContendersAsync(CancellationToken cancellationToken = default)
    {
        var leases = await Contenders.ListAsync(_client, _plan.Path, cancellationToken, QueueKind.Lease).ConfigureAwait(false);
        return [.. leases.Select((lease, place) => lease with { IsHolder = place < Leases })];
    }

    // A path that was made without a number, by Curator or by people, has none to disagree with.
    private async ValueTask AgreeAsync(CancellationToken cancellation)
    {
        if (Volatile.Read(ref _isAgreed))
            return;
        if (await TryReadAsync(cancellation).ConfigureAwait(false) is not { } node)
        {
            var parent = Path[..Path.LastIndexOf('/')];
            if (parent.Length > 0)
                await Persistently.CreateParentsAsync(_client, parent, cancellation).ConfigureAwait(false);
            var number = Encoding.UTF8.GetBytes(Leases.ToString(CultureInfo.InvariantCulture));
            await Persistently.RequestAsync(
                _client, token => _client.TryCreateAsync(Path, number, cancellationToken: token), cancellation).ConfigureAwait(false);
            if (await TryReadAsync(cancellation).ConfigureAwait(false) is not { } made)
                return;
            node = made;
        }

        var text = Encoding.UTF8.GetString(node.Data);
        if (int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var others) && others != Leases)
            throw new InvalidOperationException($"The semaphore {Path} has {others} leases, and not {Leases}.");
        Volatile.Write(ref _isAgreed, true);
    }

    private ValueTask<Znode?> TryReadAsync(CancellationToken cancellation) =>
        Persistently.RequestAsync(_client, token => _client.TryGetAsync(Path, token), cancellation);
}
