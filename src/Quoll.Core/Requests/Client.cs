using Quoll.Core.Access;
using Quoll.Core.Sessions;
using Quoll.Protocol;

namespace Quoll.Core.Requests;

internal enum ClientState
{
    /// <summary>No ConnectRequest yet.</summary>
    Connected,

    /// <summary>Its new session is a transaction under way; nothing more is taken until it is there.</summary>
    CreatingSession,

    Open,
    Closed,
}

/// <summary>One connection of a client. Sessions outlive it; watches and identities do not.</summary>
public sealed class Client
{
    internal Client(int index, string address, object? host, long established)
    {
        Index = index;
        Address = address;
        Host = host;
        Identities = [new Identity("ip", address)];
        Stats = new ClientStats(established);
    }

    /// <summary>What the host knows this connection by; the peer never looks at it.</summary>
    public object? Host { get; }

    /// <summary>The peer's address, as text.</summary>
    public string Address { get; }

    public ClientStats Stats { get; }

    /// <summary>The session, or 0 before there is one.</summary>
    public long SessionId => Session?.Id ?? 0;

    /// <summary>The session's negotiated timeout, in milliseconds.</summary>
    public int SessionTimeout => Session?.Timeout ?? 0;

    /// <summary>Requests that wait for an answer.</summary>
    public int Outstanding => WritesBegun - WritesDone + Deferred.Count - Held;

    /// <summary>Numbers below the highest in use, for tables; a closed connection's number is used again.</summary>
    internal int Index { get; }

    internal ClientState State { get; set; }

    internal Session? Session { get; set; }

    /// <summary>Who the connection has proved to be. The array is replaced, never changed: requests keep theirs.</summary>
    internal Identity[] Identities { get; set; }

    internal bool SentReadOnlyFlag { get; set; }

    internal int WritesBegun { get; set; }

    internal int WritesDone { get; set; }

    /// <summary>Syncs that were asked of the leader and are not answered.</summary>
    internal int SyncsUnderWay { get; set; }

    /// <summary>The newest sync is answered once <see cref="WritesDone"/> has come to this.</summary>
    internal int SyncAt { get; set; }

    /// <summary>Changes and syncs among <see cref="Deferred"/>; they are counted as begun.</summary>
    internal int Held { get; set; }

    /// <summary>Reads that must wait for writes of the same connection before them.</summary>
    internal Queue<DeferredRead> Deferred { get; } = new(0);

#pragma warning disable CA1051, SA1401 // The watch tables keep the heads of their chains here, by reference.
    internal int FirstDataWatch;
    internal int FirstChildWatch;
#pragma warning restore CA1051, SA1401

    internal long LastTrigger { get; set; }
}

/// <summary>A read that waits until <see cref="Client.WritesDone"/> has come to <paramref name="AfterWrite"/>.</summary>
internal readonly record struct DeferredRead(
    int AfterWrite, int Xid, OpCode Op, Instant Arrival, Identity[] Identities, byte[] Body, int BodyLength)
{
    /// <summary>It is a change or a sync, and goes on its way only then.</summary>
    public bool IsHeld { get; init; }
}

/// <summary>The connections, by their numbers.</summary>
internal sealed class ClientRegistry
{
    private readonly List<Client?> _clients = [];
    private readonly Stack<int> _free = new();

    public int Count => _clients.Count - _free.Count;

    public IEnumerable<Client> All => _clients.OfType<Client>();

    public Client At(int index) => _clients[index]!;

    public Client Add(string address, object? host, long established)
    {
        if (!_free.TryPop(out var index))
        {
            index = _clients.Count;
            _clients.Add(null);
        }

        return _clients[index] = new Client(index, address, host, established);
    }

    public void Remove(Client client)
    {
        _clients[client.Index] = null;
        _free.Push(client.Index);
    }
}

/// <summary>What an operator can ask of a connection. Times are milliseconds.</summary>
public sealed class ClientStats(long established)
{
    /// <summary>When the connection was made, by the wall clock.</summary>
    public long Established { get; private set; } = established;

    public long Received { get; private set; }

    public long Sent { get; private set; }

    public string LastOperation { get; private set; } = "NA";

    public int LastCxid { get; private set; } = -1;

    public long LastZxid { get; private set; } = -1;

    /// <summary>When the last response was made, on the monotonic clock.</summary>
    public long LastResponse { get; private set; }

    public long LastLatency { get; private set; }

    public Summary Latency { get; } = new();

    public void Reset()
    {
        Received = Sent = 0;
        LastOperation = "NA";
        LastCxid = -1;
        LastZxid = -1;
        LastResponse = LastLatency = 0;
        Latency.Reset();
    }

    internal void OnReceived() => Received++;

    internal void OnSent() => Sent++;

    internal void OnResponse(string operation, int cxid, long zxid, Instant now, long latency)
    {
        LastOperation = operation;
        if (cxid >= 0)
            LastCxid = cxid;
        LastZxid = zxid;
        LastResponse = now.Milliseconds;
        LastLatency = latency;
        Latency.Add(latency);
    }
}
