using System.Runtime.CompilerServices;
using Quoll.Client.Requests;
using Quoll.Client.Session;
using Quoll.Protocol;
using Stat = Quoll.Protocol.Records.Stat;

namespace Quoll.Client;

/// <summary>
/// A client of an ensemble, Apache's or Quoll's. It connects by itself, and again whenever it must; it is made once and used by everybody.
/// </summary>
/// <remarks>
/// <para>Requests are sent in the order of the calls, also of calls that were not awaited, and answered in that order. A request that waits
/// for a connection is sent when there is one. Reads whose answer was lost are made again, changes never: those fail with
/// <see cref="ConnectionLossException"/>, which says whether the change may have been made, and so do changes that were called behind
/// them. A request belongs to the session that there is when it is called, and ends with it.</para>
/// <para>Callers go on on the thread pool, never on the thread that reads the socket. Data that is passed must not be changed before the
/// call is done. A <see cref="ValueTask"/> is awaited once. Errors of a server are <see cref="ZooKeeperException"/>s.</para>
/// </remarks>
public sealed class ZooKeeperClient : IAsyncDisposable
{
    private const string ConfigPath = "/zookeeper/config";
    private readonly SessionHost _host;
    private readonly string _root;
    private readonly ZooKeeperSession? _boundTo;
    private readonly bool _isOwner;

    /// <summary>Makes a client, which begins to connect at once.</summary>
    /// <exception cref="ArgumentException">An option is not as it must be.</exception>
    public ZooKeeperClient(ZooKeeperClientOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        _host = new SessionHost(options);
        _root = _host.Root;
        _isOwner = true;
    }

    /// <inheritdoc cref="ZooKeeperClient(ZooKeeperClientOptions)"/>
    public ZooKeeperClient(string connectionString)
        : this(new ZooKeeperClientOptions { ConnectionString = connectionString })
    {
    }

    private ZooKeeperClient(SessionHost host, string root, ZooKeeperSession? boundTo) => (_host, _root, _boundTo) = (host, root, boundTo);

    /// <summary>What the client was made with.</summary>
    public ZooKeeperClientOptions Options => _host.Options;

    /// <summary>How it stands to the ensemble, with the session that there is.</summary>
    public StateChange State => _host.Latest;

    /// <summary>The session that there is; null while there is none. Of a client that is bound to a session that one, until it
    /// ends.</summary>
    public ZooKeeperSession? Session => _boundTo is null ? _host.Session : _boundTo.IsOver ? null : _boundTo;

    /// <summary>Makes a client and waits until it has a session.</summary>
    /// <exception cref="ConnectionLossException">No server gave one within <see cref="ZooKeeperClientOptions.RequestTimeout"/>.</exception>
    /// <exception cref="NoAuthException">The credentials were refused.</exception>
    public static async ValueTask<ZooKeeperClient> ConnectAsync(
        ZooKeeperClientOptions options, CancellationToken cancellationToken = default)
    {
        var client = new ZooKeeperClient(options);
        try
        {
            await client.GetSessionAsync(cancellationToken).ConfigureAwait(false);
            return client;
        }
        catch
        {
            await client.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    /// <inheritdoc cref="ConnectAsync(ZooKeeperClientOptions, CancellationToken)"/>
    public static ValueTask<ZooKeeperClient> ConnectAsync(string connectionString, CancellationToken cancellationToken = default) =>
        ConnectAsync(new ZooKeeperClientOptions { ConnectionString = connectionString }, cancellationToken);

    /// <summary>The session that there is, or the next one when it comes.</summary>
    /// <exception cref="ConnectionLossException">None came within <see cref="ZooKeeperClientOptions.RequestTimeout"/>.</exception>
    /// <exception cref="NoAuthException">The credentials were refused.</exception>
    /// <exception cref="SessionExpiredException">The client is bound to a session, which has ended.</exception>
    /// <exception cref="ObjectDisposedException">The client was disposed of.</exception>
    public async ValueTask<ZooKeeperSession> GetSessionAsync(CancellationToken cancellationToken = default)
    {
        if (Session is { } there)
            return there;
        if (_boundTo is not null)
        {
            throw new SessionExpiredException(
                RequestOutcome.NotSent, null, $"Session {_boundTo}, which this client is bound to, has ended.");
        }

        using var patience = new CancellationTokenSource(Options.RequestTimeout, Options.TimeProvider);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(patience.Token, cancellationToken);
        try
        {
            await foreach (var change in ObserveStateAsync(either.Token).ConfigureAwait(false))
            {
                if (change is { Session: { } session, State: ConnectionState.Connected or ConnectionState.ConnectedReadOnly })
                    return session;
            }
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw new ConnectionLossException(
                RequestOutcome.NotSent, null,
                $"No server of '{Options.ConnectionString}' gave a session within {Options.RequestTimeout.TotalSeconds} s. "
                + _host.LastAttempt);
        }

        if (State.State == ConnectionState.AuthenticationFailed)
            throw new NoAuthException(ErrorCode.AuthFailed, null, $"{State.Server}: {State.Reason}");
        throw new ObjectDisposedException(nameof(ZooKeeperClient));
    }

    /// <summary>
    /// What <see cref="State"/> is and becomes, until the client is closed. A reader who is slower than the changes misses those
    /// between; whether a session is over is certain by its <see cref="ZooKeeperSession.Ended"/>.
    /// </summary>
    public async IAsyncEnumerable<StateChange> ObserveStateAsync([EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        var changes = _host.Observe();
        try
        {
            while (await changes.WaitAsync(cancellationToken).ConfigureAwait(false))
            {
                while (changes.TryTake(out var change))
                    yield return change;
            }
        }
        finally
        {
            _host.EndObserving(changes);
        }
    }

    /// <summary>What all paths are below, by the connection string and <see cref="WithRoot"/>; empty if there is nothing
    /// such.</summary>
    public string Root => _root;

    /// <summary>The same client and session, for which all paths are below another. Disposing of it does nothing.</summary>
    public ZooKeeperClient WithRoot(string path)
    {
        Paths.Validate(path);
        return new ZooKeeperClient(_host, path.Length == 1 ? _root : _root + path, _boundTo);
    }

    /// <summary>
    /// The same client, whose requests are made in this session or not at all: once it has ended they fail with
    /// <see cref="SessionExpiredException"/>, and never come from a later session. Disposing of it does nothing.
    /// </summary>
    public ZooKeeperClient InSession(ZooKeeperSession session)
    {
        ArgumentNullException.ThrowIfNull(session);
        return new ZooKeeperClient(_host, _root, session);
    }

    /// <summary>Other servers from now on, in the form of a connection string. If the one that serves is not among them, another is
    /// looked for.</summary>
    /// <exception cref="ArgumentException">It is no connection string, or has another root.</exception>
    public void SetServers(string connectionString) => _host.SetServers(ServerAddresses.Parse(connectionString));

    /// <summary>Adds to who the client is, on this connection and all that follow.</summary>
    public ValueTask AddAuthAsync(Credential credential, CancellationToken cancellationToken = default) =>
        Send(new AddAuthRequest(credential), cancellationToken).Done;

    /// <summary>
    /// Closes the session, after the requests before are answered, so that its ephemeral znodes go at once; whatever is pending after two
    /// seconds fails. If no server can be reached the session lives until it times out.
    /// </summary>
    public ValueTask DisposeAsync() => _isOwner ? _host.CloseAsync() : ValueTask.CompletedTask;

    /// <summary>Creates a znode.</summary>
    /// <exception cref="NodeExistsException">It is there already.</exception>
    /// <exception cref="NoNodeException">Its parent is not there.</exception>
    public ValueTask<CreateResult> CreateAsync(
        string path, ReadOnlyMemory<byte> data = default, CreateOptions options = default, CancellationToken cancellationToken = default) =>
        Send(NewCreate(path, data, options, default), cancellationToken).Certain;

    /// <summary>Creates a znode; null if it is there already.</summary>
    /// <exception cref="NoNodeException">Its parent is not there.</exception>
    public ValueTask<CreateResult?> TryCreateAsync(
        string path, ReadOnlyMemory<byte> data = default, CreateOptions options = default, CancellationToken cancellationToken = default) =>
        Send(NewCreate(path, data, options, ErrorCode.NodeExists), cancellationToken).Task;

    /// <summary>Reads a znode.</summary>
    /// <exception cref="NoNodeException">It is not there.</exception>
    public ValueTask<Znode> GetAsync(string path, CancellationToken cancellationToken = default) =>
        Send(new GetRequest(_root, Valid(path)), cancellationToken).Certain;

    /// <summary>Reads a znode; null if it is not there.</summary>
    public ValueTask<Znode?> TryGetAsync(string path, CancellationToken cancellationToken = default) =>
        Send(new GetRequest(_root, Valid(path)) { Tolerated = ErrorCode.NoNode }, cancellationToken).Task;

    /// <summary>A znode's stat; null if it is not there.</summary>
    public ValueTask<Stat?> ExistsAsync(string path, CancellationToken cancellationToken = default) =>
        Send(new ExistsRequest(_root, Valid(path)) { Tolerated = ErrorCode.NoNode }, cancellationToken).Task;

    /// <summary>Sets a znode's data, if it has a version, or whatever it has where <paramref name="version"/> is -1.</summary>
    /// <exception cref="NoNodeException">It is not there.</exception>
    /// <exception cref="BadVersionException">It has another version.</exception>
    public ValueTask<Stat> SetAsync(
        string path, ReadOnlyMemory<byte> data, int version = -1, CancellationToken cancellationToken = default) =>
        Send(new SetRequest(_root, Valid(path), data, version), cancellationToken).Certain;

    /// <summary>Deletes a znode, if it has a version, or whatever it has where <paramref name="version"/> is -1.</summary>
    /// <exception cref="NoNodeException">It is not there.</exception>
    /// <exception cref="BadVersionException">It has another version.</exception>
    /// <exception cref="NotEmptyException">It has children.</exception>
    public ValueTask DeleteAsync(string path, int version = -1, CancellationToken cancellationToken = default) =>
        Send(new DeleteRequest(_root, Valid(path), version), cancellationToken).Done;

    /// <summary>Deletes a znode; false if it is not there.</summary>
    /// <exception cref="BadVersionException">It has another version.</exception>
    /// <exception cref="NotEmptyException">It has children.</exception>
    public ValueTask<bool> TryDeleteAsync(string path, int version = -1, CancellationToken cancellationToken = default) =>
        Send(new DeleteRequest(_root, Valid(path), version) { Tolerated = ErrorCode.NoNode }, cancellationToken).Task;

    /// <summary>The names of a znode's children.</summary>
    /// <exception cref="NoNodeException">It is not there.</exception>
    public ValueTask<ZnodeChildren> GetChildrenAsync(string path, CancellationToken cancellationToken = default) =>
        Send(new GetChildrenRequest(_root, Valid(path)), cancellationToken).Certain;

    /// <summary>The names of a znode's children; null if it is not there.</summary>
    public ValueTask<ZnodeChildren?> TryGetChildrenAsync(string path, CancellationToken cancellationToken = default) =>
        Send(new GetChildrenRequest(_root, Valid(path)) { Tolerated = ErrorCode.NoNode }, cancellationToken).Task;

    /// <summary>A znode's ACL.</summary>
    /// <exception cref="NoNodeException">It is not there.</exception>
    public ValueTask<ZnodeAcl> GetAclAsync(string path, CancellationToken cancellationToken = default) =>
        Send(new GetAclRequest(_root, Valid(path)), cancellationToken).Certain;

    /// <summary>Sets a znode's ACL, if the ACL has a version (<see cref="Stat.Aversion"/>), or whatever it has where that is -1.</summary>
    /// <exception cref="NoNodeException">It is not there.</exception>
    /// <exception cref="BadVersionException">The ACL has another version.</exception>
    public ValueTask<Stat> SetAclAsync(
        string path, IReadOnlyList<AclEntry> acl, int version = -1, CancellationToken cancellationToken = default) =>
        Send(new SetAclRequest(_root, Valid(path), acl, version), cancellationToken).Certain;

    /// <summary>
    /// Waits until the server has all that was committed when the leader heard of this. It is no read that a quorum stands behind:
    /// Apache's leader answers without asking whether it still leads; Quoll's asks.
    /// </summary>
    public ValueTask SyncAsync(string path = "/", CancellationToken cancellationToken = default) =>
        Send(new SyncRequest(_root, Valid(path)), cancellationToken).Done;

    /// <summary>Makes changes together or not at all.</summary>
    /// <exception cref="TransactionFailedException">One of them was refused, and so none was made.</exception>
    public ValueTask<TransactionResult[]> CommitAsync(Transaction transaction, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(transaction);
        return Send(new TransactionRequest(_root, transaction), cancellationToken).Task;
    }

    /// <summary>Reads several znodes in one request, for servers of 3.6 or later.</summary>
    public ValueTask<ReadResult[]> ReadManyAsync(ReadBatch batch, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(batch);
        return Send(new ReadManyRequest(_root, batch), cancellationToken).Task;
    }

    /// <summary>The session's ephemeral znodes whose paths begin with <paramref name="prefix"/>.</summary>
    public ValueTask<string[]> GetEphemeralsAsync(string prefix = "/", CancellationToken cancellationToken = default) =>
        Send(new GetEphemeralsRequest(_root, Valid(prefix)), cancellationToken).Task;

    /// <summary>How many znodes there are below a znode, at any depth (<c>getAllChildrenNumber</c>).</summary>
    public ValueTask<int> CountDescendantsAsync(string path, CancellationToken cancellationToken = default) =>
        Send(new CountDescendantsRequest(_root, Valid(path)), cancellationToken).Task;

    /// <summary>The identities that the server takes this connection's client for, for servers of 3.7 or later.</summary>
    public ValueTask<Identity[]> WhoAmIAsync(CancellationToken cancellationToken = default) =>
        Send(new WhoAmIRequest(), cancellationToken).Task;

    /// <summary>The ensemble's configuration as its servers have it: the lines of its servers, and its version. Its path is the same
    /// below every root.</summary>
    public ValueTask<Znode> GetConfigAsync(CancellationToken cancellationToken = default) =>
        Send(new GetRequest("", ConfigPath), cancellationToken).Certain;

    /// <summary>The ensemble's configuration, and tells when it becomes another.</summary>
    public async ValueTask<Watched<Znode>> GetConfigAndWatchAsync(CancellationToken cancellationToken = default)
    {
        var watch = new Watch(_host, ConfigPath, ConfigPath, isOnChildren: false);
        return new(await Send(new GetRequest("", ConfigPath) { Watch = watch }, cancellationToken).Certain.ConfigureAwait(false), watch);
    }

    /// <summary>Changes which servers the ensemble consists of.</summary>
    /// <returns>The configuration that is in force now.</returns>
    /// <exception cref="NoAuthException">This client may not: the superuser may, and whom the configuration's ACL allows it.</exception>
    /// <exception cref="ZooKeeperException">It is switched off (<see cref="ErrorCode.ReconfigDisabled"/>; Quoll's leaders say so always),
    /// another is under way, or too few of the new servers are in step.</exception>
    public ValueTask<Znode> ReconfigureAsync(Reconfiguration change, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(change);
        change.Validate();
        return Send(new ReconfigureRequest(change), cancellationToken).Certain;
    }

    /// <summary>Reads a znode, null if it is not there, and tells when that changes. Of one that is not there nothing is told: watch with
    /// <see cref="ExistsAndWatchAsync"/>.</summary>
    /// <exception cref="NoNodeException">It is not there; no watch is set.</exception>
    public async ValueTask<Watched<Znode>> GetAndWatchAsync(string path, CancellationToken cancellationToken = default)
    {
        var watch = NewWatch(path, isOnChildren: false);
        return new(await Send(new GetRequest(_root, path) { Watch = watch }, cancellationToken).Certain.ConfigureAwait(false), watch);
    }

    /// <summary>A znode's stat, null if it is not there, and tells when it is created, deleted or set.</summary>
    public async ValueTask<Watched<Stat?>> ExistsAndWatchAsync(string path, CancellationToken cancellationToken = default)
    {
        var watch = NewWatch(path, isOnChildren: false);
        var request = new ExistsRequest(_root, path) { Watch = watch, Tolerated = ErrorCode.NoNode };
        return new(await Send(request, cancellationToken).Task.ConfigureAwait(false), watch);
    }

    /// <summary>The names of a znode's children, and tells when they become others or the znode is deleted.</summary>
    /// <exception cref="NoNodeException">It is not there; no watch is set.</exception>
    public async ValueTask<Watched<ZnodeChildren>> GetChildrenAndWatchAsync(string path, CancellationToken cancellationToken = default)
    {
        var watch = NewWatch(path, isOnChildren: true);
        var request = new GetChildrenRequest(_root, path) { Watch = watch };
        return new(await Send(request, cancellationToken).Certain.ConfigureAwait(false), watch);
    }

    /// <summary>Begins a stream of what happens to a znode, or to all below it. The znode need not exist.</summary>
    public async ValueTask<WatchSubscription> WatchAsync(
        string path, WatchMode mode = WatchMode.Persistent, CancellationToken cancellationToken = default)
    {
        var subscription = new WatchSubscription(_host, _root, Valid(path), mode, Options.WatchBuffer);
        _host.Subscribe(subscription);
        try
        {
            await Send(new AddWatchRequest(_root, path, mode) { Stream = subscription }, cancellationToken).Done.ConfigureAwait(false);
            return subscription;
        }
        catch
        {
            await subscription.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    private static string Valid(string path)
    {
        Paths.Validate(path);
        return path;
    }

    private CreateRequest NewCreate(string path, ReadOnlyMemory<byte> data, CreateOptions options, ErrorCode tolerated)
    {
        options.Validate();
        Paths.Validate(path, options.IsSequential);
        return new CreateRequest(_root, path, data, options) { Tolerated = tolerated };
    }

    private Watch NewWatch(string path, bool isOnChildren) => new(_host, Valid(path), Paths.Join(_root, path), isOnChildren);

    private T Send<T>(T request, CancellationToken cancellationToken)
        where T : Request
    {
        request.Session = _boundTo;
        _host.Submit(request, cancellationToken);
        return request;
    }
}
