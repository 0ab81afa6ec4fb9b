using System.Runtime.CompilerServices;
using Quoll.Client;
using Quoll.Protocol;
using Quoll.Recipes.Membership;
using Quoll.Recipes.Watching;

namespace Quoll.Recipes;

/// <summary>Keeps one ephemeral znode true to what is wanted, over lost connections and ended sessions, until this is disposed
/// of.</summary>
/// <remarks>
/// <para>Whatever happens to the znode, it is looked at and put right: it is created in the next session, created again when somebody
/// deletes it, and set again when somebody sets it. Data given by <see cref="UpdateAsync"/> is what counts from then on, in whatever
/// session. A znode of this registration's own former session is removed; somebody else's is waited for. The parents are made as containers
/// if they are not there.</para>
/// <para>It costs one read with a watch for each change of the znode, and one change to put it right.</para>
/// </remarks>
public sealed class EphemeralRegistration : IAsyncDisposable
{
    private readonly ZooKeeperClient _client;
    private readonly Registrar _registrar;
    private readonly CancellationTokenSource _stop = new();
    private readonly Latest<Standing> _standing = new(new Standing(RegistrationState.Pending, 0));
    private readonly Lock _gate = new();
    private readonly Pulse _pulse = new();
    private readonly Task _running;
    private byte[] _data;
    private long _edition = 1;

    /// <param name="client">Whose sessions own the znode.</param>
    /// <param name="path">The znode.</param>
    /// <param name="data">Its data.</param>
    /// <param name="acl">Its ACL; <see cref="AclEntry.Open"/> if nothing is said.</param>
    public EphemeralRegistration(
        ZooKeeperClient client, string path, ReadOnlyMemory<byte> data = default, IReadOnlyList<AclEntry>? acl = null)
    {
        ArgumentNullException.ThrowIfNull(client);
        ZnodePaths.Validate(path);
        (_client, Path, _data) = (client, path, data.ToArray());
        _registrar = new Registrar(client, path, new CreateOptions { Mode = CreateMode.Ephemeral, Acl = acl });
        _running = RunAsync();
    }

    /// <summary>The znode.</summary>
    public string Path { get; }

    /// <summary>How it stands, as far as is known. A registered znode may go with its session before that is known here.</summary>
    public RegistrationState State => _standing.Value.State;

    /// <summary>Waits until the znode is there with its data.</summary>
    /// <exception cref="ObjectDisposedException">It was disposed of, or the client was.</exception>
    /// <exception cref="ZooKeeperException">The server refuses it: the ACL of a parent, a quota, a parent that is ephemeral.</exception>
    public ValueTask WhenRegisteredAsync(CancellationToken cancellationToken = default) => WhenRegisteredAsync(1, cancellationToken);

    /// <summary>Gives the znode other data, and waits until it has that, or what was given later.</summary>
    /// <remarks>The data counts from this call on, also if the waiting is cancelled.</remarks>
    /// <inheritdoc cref="WhenRegisteredAsync(CancellationToken)" path="/exception"/>
    public ValueTask UpdateAsync(ReadOnlyMemory<byte> data, CancellationToken cancellationToken = default)
    {
        long edition;
        lock (_gate)
        {
            _data = data.ToArray();
            edition = ++_edition;
        }

        _pulse.Set();
        return WhenRegisteredAsync(edition, cancellationToken);
    }

    /// <summary>How it stands and comes to stand; a slow reader misses what was between. Ends when it is closed, or fails as
    /// <see cref="WhenRegisteredAsync(CancellationToken)"/> does.</summary>
    public async IAsyncEnumerable<RegistrationState> ObserveAsync([EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        RegistrationState? last = null;
        await foreach (var standing in _standing.ObserveAsync(cancellationToken).ConfigureAwait(false))
        {
            if (standing.State != last)
                yield return standing.State;
            last = standing.State;
        }
    }

    /// <summary>
    /// Removes the znode. Never fails: if the server can't be reached now, it is removed in the background, or goes with its session.
    /// </summary>
    public ValueTask DisposeAsync()
    {
        _stop.Cancel();

        // The caller waits only while there is somebody to answer.
        return _client.Session is { } session && session.LeaseRemaining > TimeSpan.Zero
            ? new ValueTask(_running.UntilAsync(session.Ended))
            : ValueTask.CompletedTask;
    }

    private async ValueTask WhenRegisteredAsync(long edition, CancellationToken cancellation)
    {
        var isSo = await _standing.UntilAsync(
            standing => standing.State == RegistrationState.Registered && standing.Edition >= edition, cancellation).ConfigureAwait(false);
        ObjectDisposedException.ThrowIf(!isSo, this);
    }

    private async Task RunAsync()
    {
        Exception? failure = null;
        try
        {
            while (!_stop.IsCancellationRequested)
                await StepAsync().ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (_stop.IsCancellationRequested)
        {
            // What is wanted from now on is that there is none.
        }
        catch (Exception e) when (e is ZooKeeperException or ObjectDisposedException)
        {
            failure = e as ZooKeeperException;
        }

        await _registrar.RemoveAsync().ConfigureAwait(false);
        _standing.Publish(new Standing(RegistrationState.Closed, 0));
        _standing.End(failure);
    }

    // One look at the znode and at what is wanted, and what has to be done next. What was done is looked at again: an answer that was
    // lost is no other case.
    private async ValueTask StepAsync()
    {
        byte[] data;
        long edition;
        lock (_gate)
            (data, edition) = (_data, _edition);
        var state = await _registrar.StepAsync(data, _pulse, _stop.Token).ConfigureAwait(false);
        if (state is not { } reached)
            return;
        _standing.Publish(new Standing(reached, edition));
        await _pulse.WaitAsync(_stop.Token).ConfigureAwait(false);
        if (reached == RegistrationState.Registered)
            _standing.Publish(new Standing(RegistrationState.Pending, edition));
    }

    private readonly record struct Standing(RegistrationState State, long Edition);
}
