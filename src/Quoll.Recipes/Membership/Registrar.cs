using Quoll.Client;
using Quoll.Protocol;
using Quoll.Recipes.Queueing;
using Quoll.Recipes.Watching;

namespace Quoll.Recipes.Membership;

/// <summary>
/// Looks at one ephemeral znode and does the next thing that brings it to what is wanted. It remembers nothing of what it did: whose the
/// znode is, and what it has, says the znode.
/// </summary>
internal sealed class Registrar(ZooKeeperClient client, string path, CreateOptions options)
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(50);
    private ZooKeeperSession? _session;
    private Watch? _watch;

    /// <summary>How it stands, and then <paramref name="pulse"/> is set when it has changed; null where something was done, and it is to be
    /// looked at again.</summary>
    public async ValueTask<RegistrationState?> StepAsync(byte[] data, Pulse pulse, CancellationToken cancellation)
    {
        var session = _session = await Sessions.NextAsync(client, cancellation).ConfigureAwait(false);
        var bound = client.InSession(session);
        try
        {
            if (await Persistently.TryGetAndWatchAsync(bound, path, cancellation).ConfigureAwait(false) is not { } read)
            {
                await CreateAsync(bound, data, cancellation).ConfigureAwait(false);
                return null;
            }

            // Whether it is ours: the znode of a session before this one may be seen for a while yet, and then goes.
            var znode = read.Value;
            _watch?.Dispose();
            _watch = read.Watch;
            var isOurs = znode.Stat.EphemeralOwner == session.Id;
            if (!isOurs || znode.Data.AsSpan().SequenceEqual(data))
            {
                pulse.SetBy(_watch);
                return isOurs ? RegistrationState.Registered : RegistrationState.Taken;
            }

            // A change that has begun is not cancelled: it would be made, or not, after we have gone.
            await bound.SetAsync(path, data, znode.Stat.Version, CancellationToken.None).ConfigureAwait(false);
        }
        catch (ZooKeeperException e) when (e is BadVersionException or NoNodeException or SessionExpiredException || IsLost(e))
        {
            // It has become another meanwhile, or it is not known what it is.
        }
        catch (ZooKeeperException e) when (e.Error is ErrorCode.NotReadOnly or ErrorCode.ThrottledOp)
        {
            await Pauses.ForAsync(Pause, client.Options.TimeProvider, cancellation).ConfigureAwait(false);
        }

        return null;
    }

    /// <summary>Removes the znode if it is ours; done when it is gone, or its session. Never fails.</summary>
    public async Task RemoveAsync()
    {
        _watch?.Dispose();
        if (_session is not { } session)
            return;
        var bound = client.InSession(session);
        try
        {
            // Behind this no change of ours can arrive any more.
            await Persistently.RequestAsync(bound, WithAnswer, CancellationToken.None).ConfigureAwait(false);
            while (await Persistently.RequestAsync(bound, token => bound.TryGetAsync(path, token), CancellationToken.None)
                       .ConfigureAwait(false) is { } znode && znode.Stat.EphemeralOwner == session.Id)
            {
                await TryDeleteAsync(bound, znode.Stat.Version).ConfigureAwait(false);
            }
        }
        catch (ZooKeeperException)
        {
            // The session is over, and the znode with it.
        }

        async ValueTask<bool> WithAnswer(CancellationToken token)
        {
            await bound.SyncAsync(path, token).ConfigureAwait(false);
            return true;
        }
    }

    private static bool IsLost(ZooKeeperException e) => e is ConnectionLossException or RequestTimeoutException;

    private async ValueTask CreateAsync(ZooKeeperClient bound, byte[] data, CancellationToken cancellation)
    {
        try
        {
            await bound.TryCreateAsync(path, data, options, CancellationToken.None).ConfigureAwait(false);
        }
        catch (NoNodeException)
        {
            var parent = path[..Math.Max(path.LastIndexOf('/'), 1)];
            await Persistently.CreateParentsAsync(bound, parent, cancellation).ConfigureAwait(false);
        }
    }

    private async ValueTask TryDeleteAsync(ZooKeeperClient bound, int version)
    {
        try
        {
            await Persistently.RequestAsync(bound, token => bound.TryDeleteAsync(path, version, token), CancellationToken.None)
                .ConfigureAwait(false);
        }
        catch (BadVersionException)
        {
            // Somebody has set it meanwhile; it is still ours.
        }
    }
}
