using System.Buffers.Binary;
using Quoll.Core;

namespace Quoll.Fuzz.Targets;

/// <summary>
/// Frames of several connections, with what else happens between them. An input is a list of steps: a byte that says what, and for a
/// frame its length in four bytes and its bytes; a length beyond the end means what there is.
/// </summary>
internal sealed class FramesTarget : IFuzzTarget
{
    private const int Connections = 3;
    private const byte SyncOne = 4;
    private const byte SyncAll = 5;
    private const byte Pass = 6;
    private const byte Close = 8;
    private const byte Snapshot = 12;
    private const int Kinds = 13;
    private const int PassedAtOnce = 500;

    public string Name => "frames";

    public IReadOnlyList<byte[]> Seeds()
    {
        byte[][] change = [.. Requests.Changes()];
        byte[][] ask = [.. Requests.Questions()];
        byte[][] begin = [Step(0, Requests.Connect()), [SyncAll], Step(0, change[0])];
        byte[][] open = [Step(0, Requests.Connect()), [SyncAll], Step(1, Requests.Connect()), [SyncAll]];
        return
        [
            Join([.. open, .. change.Select(frame => Step(0, frame)), [SyncAll], .. ask.Select(frame => Step(1, frame)), [SyncAll]]),
            Join([.. open, .. ask.Select(frame => Step(1, frame)), .. change.Select(frame => Step(0, frame)), [SyncOne], [Close]]),
            Join([.. open, .. change.SelectMany(frame => new[] { Step(0, frame), [SyncOne], [Pass] }), [Snapshot], [SyncAll]]),
            .. change.Concat(ask).Select(frame => Join([.. begin, Step(0, frame), [SyncAll]])),
        ];
    }

    public List<byte[]> Split(byte[] input)
    {
        var steps = new List<byte[]>();
        for (ReadOnlySpan<byte> rest = input; Next(ref rest) is var (kind, frame, isStep) && isStep;)
            steps.Add([kind, .. frame]);
        return steps;
    }

    public byte[] Join(IReadOnlyList<byte[]> parts)
    {
        var joined = new List<byte>();
        Span<byte> length = stackalloc byte[4];
        foreach (var part in parts.Where(part => part.Length > 0))
        {
            joined.Add(part[0]);
            if (part[0] % Kinds >= SyncOne)
                continue;
            BinaryPrimitives.WriteInt32BigEndian(length, part.Length - 1);
            joined.AddRange(length);
            joined.AddRange(part.AsSpan(1));
        }

        return [.. joined];
    }

    public string Run(byte[] input)
    {
        var state = new RecoveredState(StateCheck.Options);
        var disk = new MemoryDisk();
        disk.CreateDirectory(StateCheck.Directory);
        using var server = new FuzzedServer(state, disk);
        var connections = Enumerable.Range(0, Connections + 1).Select(_ => server.Open()).ToArray();
        var steps = 0;
        for (ReadOnlySpan<byte> rest = input; Next(ref rest) is var (kind, frame, isStep) && isStep; steps++)
            Do(server, connections, (byte)(kind % Kinds), frame);
        server.SyncAll();
        StateCheck.CheckTree(state.Database.Tree);
        CheckAnother(server);
        CheckLog(server, state);
        return $"{server.Log.Count} logged, {connections.Sum(connection => connection.Frames)} answered, "
            + $"{connections.Count(connection => connection.IsClosed)} closed";
    }

    private static void Do(FuzzedServer server, FuzzedServer.Connection[] connections, byte kind, ReadOnlySpan<byte> frame)
    {
        switch (kind)
        {
            case < SyncOne:
                server.Send(connections[kind], frame);
                break;
            case SyncOne:
                server.SyncOne();
                break;
            case SyncAll:
                server.SyncAll();
                break;
            case Pass or Pass + 1:
                server.Pass(PassedAtOnce);
                break;
            case < Snapshot:
                server.Close(connections[kind - Close]);
                connections[kind - Close] = server.Open();
                break;
            default:
                server.WriteSnapshot();
                break;
        }
    }

    // Whatever one client does, another is served.
    private static void CheckAnother(FuzzedServer server)
    {
        var other = server.Open();
        server.Send(other, Requests.Connect());
        server.SyncAll();
        BrokenPromiseException.Unless(other.Frames == 1 && other.Last[8..16].AsSpan().ContainsAnyExcept((byte)0), "another gets a session");
        server.Send(other, Requests.Create(1, "/", "another"));
        server.SyncAll();
        server.Send(other, Requests.GetData(2, "/zookeeper"));
        server.SyncAll();
        var served = other.Frames == 3 && BinaryPrimitives.ReadInt32BigEndian(other.Last) == 2;
        BrokenPromiseException.Unless(served, "another is answered");
    }

    private static void CheckLog(FuzzedServer server, RecoveredState state)
    {
        var replayed = new RecoveredState(StateCheck.Options);
        foreach (var txn in server.Log)
            replayed.Replay(txn);
        BrokenPromiseException.Unless(replayed.DigestMismatches == 0, "every digest in the log is that of the state there");
        BrokenPromiseException.Unless(StateDump.Of(replayed) == StateDump.Of(state), "the log comes to the state of the server");
    }

    private static byte[] Step(byte connection, byte[] frame) => [connection, .. frame];

    private static (byte Kind, byte[] Frame, bool IsStep) Next(ref ReadOnlySpan<byte> rest)
    {
        if (rest.IsEmpty)
            return default;
        var kind = rest[0];
        rest = rest[1..];
        if (kind % Kinds >= SyncOne)
            return (kind, [], true);
        var length = rest.Length < 4 ? 0 : (int)Math.Min(BinaryPrimitives.ReadUInt32BigEndian(rest), (uint)rest.Length - 4);
        rest = rest[Math.Min(4, rest.Length)..];
        var frame = rest[..length].ToArray();
        rest = rest[length..];
        return (kind, frame, true);
    }
}
