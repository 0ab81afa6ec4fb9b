using System.Text;
using Quoll.Core;
using Quoll.Protocol;

namespace Quoll.Tests.Core;

using Client = Quoll.Core.Requests.Client;

/// <summary>A frame that came to a client after the handshake.</summary>
internal sealed record Reply(int Xid, long Zxid, ErrorCode Error, byte[] Body)
{
    public BytesReader Read() => new(Body);
}

/// <summary>An event that came to a client.</summary>
internal sealed record Seen(EventType Type, string Path)
{
    public long Zxid { get; init; }

    public bool Equals(Seen? other) => other is not null && other.Type == Type && other.Path == Path;

    public override int GetHashCode() => HashCode.Combine(Type, Path);

    public override string ToString() => $"{Type} {Path}";
}

/// <summary>A test's host of a peer: what a client of it needs.</summary>
internal interface ITestHost
{
    QuorumPeer Peer { get; }

    /// <summary>Takes what the peer has to say.</summary>
    void Collect();

    /// <summary>Lets the disk, and whoever else is waited for, do what they must.</summary>
    void SyncAll();
}

/// <summary>One connection of a test to a peer: it speaks and hears bytes.</summary>
internal sealed class TestClient(ITestHost driver, string address)
{
    private bool _shaken;
    private int _lastXid;

    public string Address { get; } = address;

    public Client Connection { get; set; } = null!;

    public long SessionId { get; private set; }

    public int Timeout { get; private set; }

    public byte[] Password { get; private set; } = [];

    /// <summary>The server has said that it only reads.</summary>
    public bool IsReadOnly { get; private set; }

    /// <summary>The connection was closed by the peer.</summary>
    public bool IsClosed { get; private set; }

    /// <summary>Replies and events, in the order in which they came.</summary>
    public List<object> Heard { get; } = [];

    public List<Reply> Replies => [.. Heard.OfType<Reply>()];

    public List<Seen> Events => [.. Heard.OfType<Seen>()];

    /// <summary>Takes the events that have come.</summary>
    public Seen[] TakeEvents()
    {
        Seen[] events = [.. Events];
        Heard.RemoveAll(heard => heard is Seen);
        return events;
    }

    /// <summary>Asks for a session, or for one to go on, and does without changes if it must.</summary>
    public void SendConnectReadOnly(long sessionId = 0, byte[]? password = null) =>
        SendFrame(new Bytes().Int(0).Long(0).Int(10_000).Long(sessionId).Buffer(password ?? new byte[16]).Bool(true).ToArray());

    public void SendConnect(int timeout = 10_000, long sessionId = 0, byte[]? password = null, long lastZxid = 0, bool readOnlyFlag = true)
    {
        var request = new Bytes().Int(0).Long(lastZxid).Int(timeout).Long(sessionId).Buffer(password ?? new byte[16]);
        SendFrame((readOnlyFlag ? request.Bool(false) : request).ToArray());
    }

    /// <summary>Sends a request and does not wait; returns its xid.</summary>
    public int Send(Ask ask, int? xid = null)
    {
        var number = xid ?? ++_lastXid;
        SendFrame(new Bytes().Int(number).Int((int)ask.Op).Raw(ask.Body).ToArray());
        return number;
    }

    /// <summary>Sends a request and returns the reply, having let the disk do what it must.</summary>
    public Reply Call(Ask ask)
    {
        var sent = Send(ask);
        driver.SyncAll();
        var xid = ask.Op == OpCode.Ping ? ReservedXid.Ping : sent;
        var reply = Assert.Single(Heard.OfType<Reply>(), reply => reply.Xid == xid);
        Heard.Remove(reply);
        return reply;
    }

    /// <summary>Sends a request that must succeed.</summary>
    public Reply Do(Ask ask)
    {
        var reply = Call(ask);
        Assert.Equal(ErrorCode.Ok, reply.Error);
        return reply;
    }

    public ErrorCode ErrorOf(Ask ask) => Call(ask).Error;

    public StatSeen StatOf(string path) => Do(Ask.Exists(path)).Read().Stat();

    public string? DataOf(string path) => Do(Ask.GetData(path)).Read().Buffer() is { } data ? Encoding.UTF8.GetString(data) : null;

    public string[] ChildrenOf(string path) => [.. Do(Ask.GetChildren(path)).Read().Strings().Order(StringComparer.Ordinal)];

    public bool Sees(string path) => Call(Ask.Exists(path)).Error == ErrorCode.Ok;

    public void SendFrame(byte[] frame)
    {
        driver.Peer.OnFrame(Connection, frame);
        driver.Collect();
    }

    /// <summary>The client's side of the connection goes away.</summary>
    public void Drop()
    {
        driver.Peer.OnClosed(Connection);
        driver.Collect();
    }

    internal void OnClose() => IsClosed = true;

    internal void OnBytes(byte[] bytes)
    {
        Assert.False(IsClosed, "bytes were sent after the close");
        var reader = new BytesReader(bytes);
        while (reader.Left > 0)
            OnFrame(reader.Buffer()!);
    }

    private void OnFrame(byte[] frame)
    {
        var reader = new BytesReader(frame);
        if (!_shaken)
        {
            _shaken = true;
            Assert.Equal(0, reader.Int());
            Timeout = reader.Int();
            SessionId = reader.Long();
            Password = reader.Buffer()!;
            IsReadOnly = reader.Left > 0 && reader.Bool();
            return;
        }

        var (xid, zxid, error) = (reader.Int(), reader.Long(), (ErrorCode)reader.Int());
        if (xid != ReservedXid.Notification)
        {
            Heard.Add(new Reply(xid, zxid, error, frame[16..]));
            return;
        }

        var type = (EventType)reader.Int();
        Assert.Equal(3, reader.Int());
        Heard.Add(new Seen(type, reader.String()) { Zxid = zxid });
    }
}
