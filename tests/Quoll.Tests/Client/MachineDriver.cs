using System.Buffers;
using System.Buffers.Binary;
using Quoll.Client;
using Quoll.Client.Requests;
using Quoll.Client.Session;
using Quoll.Protocol;
using Quoll.Protocol.Jute;
using Quoll.Protocol.Records;
using Quoll.Testing;

namespace Quoll.Tests.Client;

/// <summary>Drives a session's machine by hand: the test is its network, its servers and its clock.</summary>
internal sealed class MachineDriver
{
    public const long SessionId = 0x1234;
    private readonly TestClock _clock = new();
    private readonly long _start;

    public MachineDriver(Func<ZooKeeperClientOptions, ZooKeeperClientOptions>? adjust = null)
    {
        var options = new ZooKeeperClientOptions
        {
            ConnectionString = "a,b,c",
            SessionTimeout = TimeSpan.FromSeconds(9),
            ReconnectDelay = TimeSpan.FromMilliseconds(10),
            TimeProvider = _clock,
        };
        options = adjust is null ? options : adjust(options);
        _start = _clock.GetTimestamp();
        Machine = new SessionMachine(options, options.ParseServers(), new Random(1), _start);
        Machine.Advance();
    }

    public SessionMachine Machine { get; }

    public Effects Effects => Machine.Effects;

    /// <summary>What the machine has said on the connection that there is, frame by frame.</summary>
    public Queue<byte[]> Sent { get; } = new();

    /// <summary>Callers who were let go on, in order.</summary>
    public List<IThreadPoolWorkItem> Woken { get; } = [];

    public List<StateChange> Changes { get; } = [];

    public ServerAddress? Dialed { get; private set; }

    public bool Dropped { get; private set; }

    /// <summary>Lets time pass, with nothing heard.</summary>
    public MachineDriver Pass(double seconds)
    {
        var end = _clock.GetElapsedTime(_start) + TimeSpan.FromSeconds(seconds);
        while (Machine.WakeAt <= end)
        {
            _clock.Advance(Machine.WakeAt > Machine.Now ? Machine.WakeAt - Machine.Now : TimeSpan.FromMilliseconds(1));
            Step(machine => machine.Advance());
        }

        if (end > _clock.GetElapsedTime(_start))
            _clock.Advance(end - _clock.GetElapsedTime(_start));
        return Step(machine => machine.Advance());
    }

    public MachineDriver Step(Action<SessionMachine> what)
    {
        Machine.Now = _clock.GetElapsedTime(_start);
        what(Machine);
        Take();
        return this;
    }

    /// <summary>A server takes the client in.</summary>
    public MachineDriver Connect(long session = SessionId, double timeout = 9, bool readOnly = false)
    {
        while (Dialed is null)
            Pass(0.05);
        Open();
        Sent.Clear();
        return Greet(session, timeout, readOnly);
    }

    public MachineDriver Open()
    {
        Dialed = null;
        Dropped = false;
        Sent.Clear();
        return Step(machine => machine.OnOpened(machine.Connection));
    }

    public MachineDriver Greet(long session = SessionId, double timeout = 9, bool readOnly = false) => Hear((ref writer) =>
    {
        writer.Write(new ConnectResponse(0, (int)(timeout * 1000), session, new byte[16]));
        writer.WriteBool(readOnly);
    });

    public MachineDriver Lose(string why = "it broke") => Step(machine => machine.OnClosed(machine.Connection, why));

    public MachineDriver Answer(int xid, long zxid = 1, ErrorCode error = ErrorCode.Ok, Body? body = null) => Hear((ref writer) =>
    {
        writer.Write(new ReplyHeader(xid, zxid, (int)error));
        body?.Invoke(ref writer);
    });

    public MachineDriver Notify(EventType type, string path) => Answer(ReservedXid.Notification, -1, ErrorCode.Ok, (ref writer) =>
        writer.Write(new WatcherEvent((int)type, 3, System.Text.Encoding.UTF8.GetBytes(path))));

    public T Submit<T>(T request)
        where T : Request
    {
        Step(machine => machine.Submit(request));
        return request;
    }

    /// <summary>The header of the next frame that was sent.</summary>
    public RequestHeader Next()
    {
        var reader = new JuteReader(Sent.Dequeue());
        return RequestHeader.Read(ref reader);
    }

    /// <summary>Lets everybody go on who may.</summary>
    public MachineDriver Run()
    {
        foreach (var item in Woken.ToArray())
            item.Execute();
        Woken.Clear();
        return this;
    }

    public delegate void Body(ref JuteWriter writer);

    private MachineDriver Hear(Body frame)
    {
        var output = new ArrayBufferWriter<byte>();
        var writer = new JuteWriter(output);
        frame(ref writer);
        writer.Commit();
        return Step(machine => machine.OnFrame(machine.Connection, output.WrittenSpan));
    }

    private void Take()
    {
        var bytes = Effects.Output.WrittenSpan;
        while (bytes.Length > 0)
        {
            var length = BinaryPrimitives.ReadInt32BigEndian(bytes);
            Sent.Enqueue(bytes.Slice(4, length).ToArray());
            bytes = bytes[(4 + length)..];
        }

        Effects.Output.ResetWrittenCount();
        Dialed = Effects.Dial ?? (Effects.Drop ? null : Dialed);
        Dropped |= Effects.Drop;
        (Effects.Dial, Effects.Drop) = (null, false);
        Woken.AddRange(Effects.Work);
        Changes.AddRange(Effects.Changes);
        Effects.Work.Clear();
        Effects.Changes.Clear();
        Effects.Attempts.Clear();
    }
}
