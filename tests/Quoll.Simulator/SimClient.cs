using System.Buffers;
using System.Buffers.Binary;
using System.Globalization;
using System.Text;
using Quoll.Core.Requests;
using Quoll.Protocol;
using Quoll.Protocol.Jute;
using Quoll.Protocol.Records;

namespace Quoll.Simulator;

/// <summary>What a client did, and what it was told.</summary>
internal sealed class Operation
{
    public required int Client { get; init; }

    public required OpCode Op { get; init; }

    public required string Path { get; init; }

    public string? Value { get; set; }

    public required long Invoked { get; init; }

    /// <summary>When the answer came; null if none ever did, so that nobody knows whether it happened.</summary>
    public long? Returned { get; set; }

    public ErrorCode Error { get; set; }

    /// <summary>The zxid in the reply's header.</summary>
    public long Zxid { get; set; }

    /// <summary>The znode as the reply tells it.</summary>
    public Stat Stat { get; set; }

    public long Session { get; set; }
}

/// <summary>
/// A client with one request at a time: it writes values that nobody else writes, reads, and when its connection breaks it comes back with
/// its session to any server.
/// </summary>
internal sealed class SimClient(Simulation simulation, int number, int keys)
{
    private static readonly byte[] OpenAcl = MakeOpenAcl();
    private readonly List<byte> _inbox = [];
    private readonly List<Operation> _history = [];
    private Client? _connection;
    private SimServer? _server;
    private int _serverLife;
    private int _xid;
    private int _values;
    private int _attempt;
    private long _session;
    private byte[] _password = new byte[16];
    private long _lastZxid;
    private bool _open;
    private Operation? _pending;
    private bool _stopped;

    public IReadOnlyList<Operation> History => _history;

    /// <summary>Sessions that ended under this client.</summary>
    public int Expirations { get; private set; }

    public void Begin() => Reconnect();

    public void Stop() => _stopped = true;

    /// <summary>Bytes of the server, which arrive after a while.</summary>
    public void OnBytes(Client connection, byte[] bytes) => simulation.After(simulation.Between(20, 500), () =>
    {
        if (connection != _connection)
            return;
        _inbox.AddRange(bytes);
        while (_connection == connection && _inbox.Count >= 4 && _inbox.Count - 4 >= Length())
        {
            var frame = _inbox.GetRange(4, Length()).ToArray();
            _inbox.RemoveRange(0, 4 + frame.Length);
            OnFrame(frame);
        }
    });

    public void OnClosed(Client connection) => simulation.After(600, () =>
    {
        if (connection != _connection)
            return;
        if (_server!.Life == _serverLife)
            _server.Do(peer => peer.OnClosed(connection));
        Lost();
    });

    private static byte[] MakeOpenAcl()
    {
        var buffer = new ArrayBufferWriter<byte>();
        var writer = new JuteWriter(buffer);
        writer.Write(new Acl(31, new Id("world"u8, "anyone"u8)));
        writer.Commit();
        return buffer.WrittenSpan.ToArray();
    }

    private int Length() => BinaryPrimitives.ReadInt32BigEndian([.. _inbox.GetRange(0, 4)]);

    private void Lost()
    {
        _connection = null;
        _open = false;
        _pending = null;
        Reconnect();
    }

    private void Reconnect() => simulation.After(simulation.Between(1_000, 50_000), () =>
    {
        if (_stopped || _connection is not null)
            return;
        _server = simulation.Servers[simulation.Random.Next(simulation.Servers.Count)];
        _serverLife = _server.Life;
        if (_server.Peer is null)
        {
            Reconnect();
            return;
        }

        _inbox.Clear();
        _server.Do(peer => _connection = peer.OnConnected("10.0.0.1", this));
        if (_connection is null)
        {
            Reconnect();
            return;
        }

        var connection = _connection;
        var attempt = ++_attempt;
        Send(Frame((ref writer) =>
        {
            writer.Write(new ConnectRequest(0, _lastZxid, 4000, _session, _password));
            writer.WriteBool(false);
        }));

        // A server that is gone or silent is left.
        Watch(connection, attempt);
    });

    private void Watch(Client connection, int attempt) => simulation.After(300_000, () =>
    {
        if (connection != _connection || attempt != _attempt)
            return;
        var waits = !_open || (_pending is { } pending && simulation.Now - pending.Invoked > 900_000);
        if (_server!.Life != _serverLife || waits)
        {
            if (_server.Life == _serverLife)
                _server.Do(peer => peer.OnClosed(connection));
            Lost();
            return;
        }

        Watch(connection, attempt);
    });

    private void OnFrame(byte[] frame)
    {
        var reader = new JuteReader(frame);
        if (!_open)
        {
            reader.ReadInt();
            var timeout = reader.ReadInt();
            var session = reader.ReadLong();
            var password = reader.ReadBytes().ToArray()!;
            if (timeout == 0)
            {
                _session = 0;
                Expirations++;
                return;   // the server closes
            }

            (_session, _password, _open) = (session, password, true);
            Next();
            return;
        }

        var header = ReplyHeader.Read(ref reader);
        if (header.Xid == ReservedXid.Notification || _pending is not { } pending)
            return;
        _pending = null;
        pending.Returned = simulation.Now;
        pending.Error = (ErrorCode)header.Error;
        pending.Zxid = header.Zxid;
        _lastZxid = Math.Max(_lastZxid, header.Zxid);
        if (header.Error == 0)
            Take(pending, ref reader);
        simulation.After(simulation.Chance(0.8) ? simulation.Between(10, 500) : simulation.Between(500, 20_000), Next);
    }

    private static void Take(Operation pending, ref JuteReader reader)
    {
        if (pending.Op == OpCode.GetData)
        {
            pending.Value = reader.ReadBytes().ToString();
            pending.Stat = Stat.Read(ref reader);
        }
        else if (pending.Op == OpCode.SetData)
        {
            pending.Stat = Stat.Read(ref reader);
        }
    }

    private void Next()
    {
        if (_stopped || !_open || _pending is not null)
            return;
        var path = $"/k{simulation.Random.Next(keys)}";
        var roll = simulation.Random.Next(100);
        var op = roll < 45 ? OpCode.SetData : roll < 85 ? OpCode.GetData : roll < 95 ? OpCode.Create : OpCode.Sync;
        _pending = new Operation
        {
            Client = number, Op = op, Path = path, Invoked = simulation.Now, Session = _session,
            Value = op is OpCode.SetData or OpCode.Create ? string.Create(CultureInfo.InvariantCulture, $"c{number}-{_values++}") : null,
        };
        _history.Add(_pending);
        var pending = _pending;
        _xid++;
        Send(Frame((ref writer) =>
        {
            writer.Write(new RequestHeader(_xid, (int)op));
            var bytes = Encoding.UTF8.GetBytes(path);
            var value = Encoding.UTF8.GetBytes(pending.Value ?? "");
            if (op == OpCode.SetData)
                writer.Write(new SetDataRequest(bytes, value, -1));
            else if (op == OpCode.GetData)
                writer.Write(new ReadRequest(bytes, false));
            else if (op == OpCode.Create)
                writer.Write(new CreateRequest(bytes, value, new JuteVector<Acl>(1, OpenAcl), 0));
            else
                writer.Write(new PathRequest(bytes));
        }));
    }

    private void Send(byte[] frame)
    {
        var (server, life, connection) = (_server!, _serverLife, _connection!);
        simulation.After(simulation.Between(20, 500), () =>
        {
            if (server.Life == life && connection == _connection)
                server.Do(peer => peer.OnFrame(connection, frame));
        });
    }

    private delegate void FrameWriter(ref JuteWriter writer);

    private static byte[] Frame(FrameWriter write)
    {
        var buffer = new ArrayBufferWriter<byte>();
        var writer = new JuteWriter(buffer);
        write(ref writer);
        writer.Commit();
        return buffer.WrittenSpan.ToArray();
    }
}
