using Quoll.Protocol;
using Quoll.Protocol.Jute;
using Quoll.Protocol.Records;

namespace Quoll.Simulator.Clients;

/// <summary>
/// A client with several requests outstanding. When its connection breaks it comes back with its session to any server, and says what it
/// watches; sometimes it ends its session, forgets it, is silent until it expires, or comes with a session or a password that is not good.
/// </summary>
internal sealed class SimClient : ISimClient, IInterruptible
{
    private const int MostOutstanding = 6;
    private const int SetWatchesXid = -8;
    private const int HeardAgain = 2_000_000;
    private const int Patience = 1_200_000;

    /// <summary>Where clients tell each other what they have written: so many of them write, and the others read.</summary>
    private const int Writers = 2;
    private readonly Simulation _simulation;
    private readonly Workload _workload;
    private readonly int _number;
    private readonly Queue<Operation> _outstanding = new();
    private readonly int _timeout;
    private SimConnection? _connection;
    private long _session;
    private byte[] _password = new byte[16];
    private byte[] _offered = [];
    private long _asked;
    private bool _askedAfterEnd;
    private long _askedAt;
    private long _lastZxid;
    private long _silentUntil;
    private long _lastSent;
    private int _xid;
    private bool _open;
    private bool _stopped;

    public SimClient(Simulation simulation, int number)
    {
        _simulation = simulation;
        _number = number;
        _timeout = number % 3 == 0 ? 6000 : 4000;
        _workload = new Workload(simulation.Random, number);
    }

    public List<Operation> History { get; } = [];

    /// <summary>Called when a change is acknowledged.</summary>
    public Action<Operation> OnWritten { get; set; } = _ => { };

    private bool IsWriter => _simulation.Traits.ClientsTellEachOther && _number < Writers;

    private bool IsReader => _simulation.Traits.ClientsTellEachOther && _number >= Writers;

    /// <summary>Everything it was told, in order.</summary>
    public List<Heard> Heard { get; } = [];

    /// <summary>Its live watches.</summary>
    public WatchList Watches { get; } = new();

    public void Begin()
    {
        Connect();
        Pulse();
        Look();
    }

    public void Stop()
    {
        _stopped = true;
        _open = false;
        _connection?.Close();
        _connection = null;
    }

    /// <summary>The connection breaks, with whatever is under way on it.</summary>
    public void Interrupt()
    {
        if (_connection is not { } connection)
            return;
        connection.Close();
        OnLost(connection);
    }

    /// <summary>Another client tells what it has written: this one wants to see it.</summary>
    public void OnTold(string path)
    {
        if (IsReader && _open && _simulation.Now >= _silentUntil && _outstanding.Count + 2 <= MostOutstanding)
            Workload.SyncAndRead(path, Send);
    }

    public void OnLost(SimConnection connection)
    {
        if (connection != _connection)
            return;
        _connection = null;
        _open = false;
        _outstanding.Clear();
        _simulation.After(_simulation.Chance(0.5) ? _simulation.Between(10, 500) : _simulation.Between(1_000, 50_000), Connect);
    }

    public void OnFrame(byte[] frame)
    {
        var reader = new JuteReader(frame);
        if (!_open)
        {
            OnConnected(ref reader);
            return;
        }

        var header = ReplyHeader.Read(ref reader);
        if (header.Xid == ReservedXid.Notification)
        {
            var fired = WatcherEvent.Read(ref reader);
            var path = fired.Path.ToString();
            Watches.OnEvent((EventType)fired.Type, path);
            Heard.Add(new Heard.Event((EventType)fired.Type, path, header.Zxid));
            return;
        }

        if (header.Xid == ReservedXid.Ping)
            return;
        if (!_outstanding.TryDequeue(out var operation) || operation.Xid != header.Xid)
        {
            _simulation.Complain($"client {_number} is answered to {header.Xid}, and waits for [{operation}]");
            return;
        }

        operation.Returned = _simulation.Now;
        operation.Error = (ErrorCode)header.Error;
        operation.Zxid = header.Zxid;
        Wire.Take(operation, ref reader);
        OnReply(operation);
    }

    private void OnConnected(ref JuteReader reader)
    {
        reader.ReadInt();
        var timeout = reader.ReadInt();
        var session = reader.ReadLong();
        var password = reader.ReadBytes().ToArray()!;
        if (timeout == 0)
        {
            if (_offered.AsSpan().SequenceEqual(_password))
                End();
            return;   // the server closes
        }

        if (_askedAfterEnd)
            _simulation.Complain($"client {_number} is given session 0x{session:x} again, which it had ended");
        else if (!_offered.AsSpan().SequenceEqual(_password))
            _simulation.Complain($"client {_number} is given session 0x{session:x}, and had said a wrong password");
        else if (_asked != 0 && session != _asked)
            _simulation.Complain($"client {_number} asks for session 0x{_asked:x}, and is given 0x{session:x}");
        else if (_asked != 0)
            CheckLives(session);
        (_session, _password, _open) = (session, password, true);
        Heard.Add(new Heard.Connected(_asked == 0, session, _lastZxid));
        if (!Watches.IsEmpty)
            Send(new Operation(OpCode.SetWatches, "") );
        if (_asked == 0)
            Send(new Operation(OpCode.Create, Workload.Directory) { Value = "" });
    }

    // A leader that does not know yet that it was deposed does not know either what has ended since.
    private void CheckLives(long session)
    {
        const long Slack = 3_000_000;
        if (_simulation.Ledger.Closed.TryGetValue(session, out var at) && at < _askedAt - Slack)
            _simulation.Complain($"client {_number} is given session 0x{session:x}, which ended {(_askedAt - at) / 1000} ms before");
    }

    private void OnReply(Operation operation)
    {
        _lastZxid = Math.Max(_lastZxid, operation.Zxid);
        Heard.Add(new Heard.Reply(operation));
        if (operation.Watch)
            Watches.OnReply(operation);
        _workload.OnReply(operation);
        if (operation is { Error: ErrorCode.Ok, Op: OpCode.SetData or OpCode.Create or OpCode.Delete })
            OnWritten(operation);
        switch (operation)
        {
            case { Op: OpCode.CloseSession, Error: ErrorCode.Ok }:
                _askedAfterEnd = _simulation.Chance(0.5);
                if (!_askedAfterEnd)
                    End();
                Interrupt();
                break;
            case { Error: ErrorCode.SessionExpired }:
                End();
                Interrupt();
                break;
            case { Error: ErrorCode.SessionMoved }:
                Interrupt();
                break;
        }
    }

    // Forgets the session: the next connection begins another.
    private void End()
    {
        (_session, _password, _askedAfterEnd) = (0, new byte[16], false);
        Watches.Clear();
        _workload.OnSessionEnded();
        Heard.Add(new Heard.Ended());
    }

    private void Connect()
    {
        if (_stopped || _connection is not null)
            return;
        var server = Choose();
        if (server.Peer is null || _simulation.Now < _silentUntil)
        {
            _simulation.After(_simulation.Between(1_000, 50_000), Connect);
            return;
        }

        _connection = new SimConnection(_simulation, server, this);
        (_asked, _askedAt, _offered) = (_session, _simulation.Now, [.. _password]);
        if (_session != 0 && !_askedAfterEnd && _simulation.Chance(0.03))
            _offered[3] ^= 1;
        _connection.Connect(Wire.Encode((ref writer) =>
        {
            writer.Write(new ConnectRequest(0, _lastZxid, _timeout, _session, _offered));
            writer.WriteBool(false);
        }));
        var connection = _connection;
        _simulation.After(Patience, () =>
        {
            if (connection == _connection && !_open)
                Interrupt();
        });
    }

    // Of clients that tell each other, who reads goes to the leader, and who writes does not, as a rule.
    private SimServer Choose()
    {
        var leader = _simulation.Ledger.Leader();
        if (leader is not null && IsReader && _simulation.Chance(0.5))
            return leader;
        var servers = _simulation.Servers;
        var server = servers[_simulation.Random.Next(servers.Count)];
        return IsWriter && server == leader && _simulation.Chance(0.8) ? servers[_simulation.Random.Next(servers.Count)] : server;
    }

    // Leaves a server that is gone or silent.
    private void Look()
    {
        if (_stopped)
            return;
        var waitsTooLong = _outstanding.TryPeek(out var oldest) && _simulation.Now - oldest.Invoked > Patience;
        if (_connection is { IsAlive: false } || waitsTooLong)
            Interrupt();
        _simulation.After(100_000, Look);
    }

    private void Pulse()
    {
        if (_stopped)
            return;
        if (_open && _simulation.Now >= _silentUntil)
            Act();
        if (IsWriter)
            _simulation.After(_simulation.Between(50_000, 1_000_000), Pulse);
        else
            _simulation.After(_simulation.Chance(0.7) ? _simulation.Between(500, 20_000) : _simulation.Between(10_000, 200_000), Pulse);
    }

    private void Act()
    {
        // Sessions that begin and end are changes, too.
        var roll = _simulation.Random.Next(IsReader ? 5000 : 1000);
        if (roll < 6 && _outstanding.All(operation => operation.Op != OpCode.CloseSession))
        {
            Send(new Operation(OpCode.CloseSession, ""));
        }
        else if (roll < 20)
        {
            // With something on the way, that may be slower than the client is.
            Ask();
            Interrupt();
        }
        else if (roll < 23)
        {
            BeSilent();
        }
        else if (roll < 25)
        {
            End();
            Interrupt();
        }
        else
        {
            Ask();
            if (_simulation.Now - _lastSent > _timeout * 300L)
                SendFrame(Wire.Encode((ref writer) => writer.Write(new RequestHeader(ReservedXid.Ping, (int)OpCode.Ping))));
        }
    }

    private void Ask()
    {
        var most = IsWriter ? 1 : _simulation.Random.Next(1, 5);
        for (var count = most; count > 0 && _outstanding.Count < MostOutstanding; count--)
        {
            if (IsReader)
                _workload.NextRead(Send);
            else
                _workload.Next(Send);
        }
    }

    private void BeSilent()
    {
        _silentUntil = _simulation.Now + _simulation.Between(1_000_000, 10_000_000);
        if (_simulation.Chance(0.5))
            Interrupt();
    }

    private void Send(Operation operation)
    {
        if (_outstanding.Any(before => before.Op == OpCode.CloseSession))
            return;
        (operation.Client, operation.Session, operation.Invoked) = (_number, _session, _simulation.Now);
        operation.Xid = operation.Op == OpCode.SetWatches ? SetWatchesXid : ++_xid;
        _outstanding.Enqueue(operation);
        History.Add(operation);
        SendFrame(operation.Op == OpCode.SetWatches
            ? Wire.SetWatches(operation.Xid, _lastZxid, Watches.All)
            : Wire.Request(operation));
    }

    private void SendFrame(byte[] frame)
    {
        var session = _session;
        _lastSent = _simulation.Now;
        _connection!.Send(frame, server =>
        {
            // One that stood still a moment ago may serve without its leader, and not know.
            if (server.Peer!.Serves && server.PausedUntil + HeardAgain < _simulation.Now)
                _simulation.Ledger.Heard[session] = (_simulation.Now, _timeout);
        });
    }
}
