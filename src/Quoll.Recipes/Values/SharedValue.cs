using System.Runtime.CompilerServices;
using Quoll.Client;
using Quoll.Protocol;
using Quoll.Recipes.Queueing;
using Quoll.Recipes.Receipts;

namespace Quoll.Recipes;

/// <summary>A value that many share: a znode's data, changed only by those who have seen what they change.</summary>
/// <remarks>
/// <para>Every change is made once, also when its answer is lost: it is made together with one of an ephemeral znode of ours (a child named
/// <c>receipt-</c> and an id, one for each change that is under way at the same time), and so is known for ours. Only when the session ends
/// before that is clear, a <see cref="SessionExpiredException"/> says that it is not known. The data itself is as it was given; other
/// programs may read and set it as they like.</para>
/// <para>Reads come from the server that the client is with, and may be behind; changes are checked by the leader.</para>
/// </remarks>
public sealed class SharedValue
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(100);
    private readonly ZooKeeperClient _client;
    private readonly string _path;
    private readonly ReadOnlyMemory<byte> _initial;
    private readonly ReceiptBook _receipts;

    /// <param name="client">Whose session is used.</param>
    /// <param name="path">The znode; it is made, and all above it, if it is not there.</param>
    /// <param name="initial">The value of the znode while nobody has set it.</param>
    public SharedValue(ZooKeeperClient client, string path, ReadOnlyMemory<byte> initial = default)
    {
        ArgumentNullException.ThrowIfNull(client);
        Locations.Validate(path);
        Limits.ValidateData(initial);
        (_client, _path, _initial) = (client, path, initial);
        _receipts = new ReceiptBook(client, path, CreateAsync);
    }

    /// <summary>The value, with the stat that has its version.</summary>
    public async ValueTask<Znode> GetAsync(CancellationToken cancellationToken = default)
    {
        while (true)
        {
            if (await _client.TryGetAsync(_path, cancellationToken).ConfigureAwait(false) is { } znode)
                return znode;
            await CreateAsync(cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Sets the value, if it still has a version.</summary>
    /// <returns>Whether it was set; false if it has another version by now.</returns>
    /// <exception cref="ArgumentOutOfRangeException">The version is -1, which stands for all: nothing would be checked.</exception>
    /// <exception cref="SessionExpiredException">The session ended; whether the value was set, <c>Outcome</c> says.</exception>
    /// <exception cref="OperationCanceledException">The caller gave up; the value may have been set, or not.</exception>
    public async ValueTask<bool> TrySetAsync(ReadOnlyMemory<byte> data, int version, CancellationToken cancellationToken = default)
    {
        Limits.ValidateData(data);
        ArgumentOutOfRangeException.ThrowIfEqual(version, -1);
        try
        {
            await _receipts.CommitAsync(new Transaction().Set(_path, data, version), null, cancellationToken).ConfigureAwait(false);
            return true;
        }
        catch (TransactionFailedException e) when (e.Error is ErrorCode.BadVersion or ErrorCode.NoNode)
        {
            return false;
        }
    }

    /// <summary>Makes the value another, again and again until nobody came between.</summary>
    /// <param name="change">The new value, from the one that there is. It may be called more than once.</param>
    /// <param name="cancellationToken">Ends it; the last change may have been made, or not.</param>
    /// <returns>What was set.</returns>
    /// <inheritdoc cref="TrySetAsync" path="/exception[@cref='SessionExpiredException']"/>
    public async ValueTask<ReadOnlyMemory<byte>> UpdateAsync(
        Func<ReadOnlyMemory<byte>, ReadOnlyMemory<byte>> change, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(change);
        for (var round = 0; ; round++)
        {
            var (data, stat) = await GetAsync(cancellationToken).ConfigureAwait(false);
            var next = change(data);
            if (await TrySetAsync(next, stat.Version, cancellationToken).ConfigureAwait(false))
                return next;

            // Others are at it too, or this server is behind: we come again at another moment than they.
            await _client.SyncAsync(_path, cancellationToken).ConfigureAwait(false);
            await BackOff.PauseAsync(_client, round, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>
    /// The value and whatever it becomes, until the caller ends it. A reader who is slower than the changes misses those between, never the
    /// last. It goes on over lost connections and ended sessions, and waits while there is no server.
    /// </summary>
    /// <exception cref="ObjectDisposedException">The client was closed.</exception>
    public async IAsyncEnumerable<Znode> ObserveAsync([EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        (long, long)? seen = null;
        while (true)
        {
            await Lives.UntilSessionAsync(_client, cancellationToken).ConfigureAwait(false);
            if (await ReadAndWatchAsync(cancellationToken).ConfigureAwait(false) is not { } read)
                continue;
            using var watch = read.Watch;
            var state = (read.Value.Stat.Czxid, read.Value.Stat.Mzxid);
            if (state != seen)
            {
                seen = state;
                yield return read.Value;
            }

            await watch.Changed.WaitAsync(cancellationToken).ConfigureAwait(false);
        }
    }

    // Null when it has to be asked for again.
    private async ValueTask<Watched<Znode>?> ReadAndWatchAsync(CancellationToken cancellation)
    {
        try
        {
            var read = await Persistently.TryGetAndWatchAsync(_client, _path, cancellation).ConfigureAwait(false);
            if (read is null)
                await CreateAsync(cancellation).ConfigureAwait(false);
            return read;
        }
        catch (SessionExpiredException)
        {
            return null;
        }
        catch (ZooKeeperException e) when (e.Error == ErrorCode.NotReadOnly)
        {
            // There is no value and no quorum that could make one.
            await Pauses.ForAsync(Pause, _client.Options.TimeProvider, cancellation).ConfigureAwait(false);
            return null;
        }
    }

    private async ValueTask CreateAsync(CancellationToken cancellation)
    {
        while (true)
        {
            try
            {
                await Persistently.RequestAsync(
                    _client, token => _client.TryCreateAsync(_path, _initial, CreateMode.Persistent, token), cancellation)
                    .ConfigureAwait(false);
                return;
            }
            catch (NoNodeException)
            {
                await Persistently.CreateParentsAsync(_client, Locations.ParentOf(_path), cancellation).ConfigureAwait(false);
            }
        }
    }
}
