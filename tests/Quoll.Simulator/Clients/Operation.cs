using Quoll.Protocol;
using Quoll.Protocol.Records;

namespace Quoll.Simulator.Clients;

/// <summary>What a client asked for, and what it was told.</summary>
internal sealed class Operation(OpCode op, string path)
{
    public OpCode Op { get; } = op;

    public string Path { get; } = path;

    /// <summary>Written, by a change; read, by a read.</summary>
    public string? Value { get; set; }

    /// <summary>The version that a change asks for; -1 for any.</summary>
    public int Version { get; init; } = -1;

    public bool Ephemeral { get; init; }

    public bool Sequential { get; init; }

    public bool Watch { get; init; }

    /// <summary>The operations of a multi.</summary>
    public IReadOnlyList<Operation> Parts { get; init; } = [];

    /// <summary>For a read: the sync right before it.</summary>
    public Operation? Sync { get; init; }

    public int Client { get; set; }

    public long Session { get; set; }

    public int Xid { get; set; }

    public long Invoked { get; set; }

    /// <summary>When the answer came; null if none ever did, so that nobody knows whether it happened.</summary>
    public long? Returned { get; set; }

    public ErrorCode Error { get; set; }

    /// <summary>The zxid in the reply's header.</summary>
    public long Zxid { get; set; }

    /// <summary>The znode as the reply tells it.</summary>
    public Stat? Stat { get; set; }

    public string? CreatedPath { get; set; }

    public IReadOnlyList<string> Children { get; set; } = [];

    public bool IsChange => Op is OpCode.Create or OpCode.Delete or OpCode.SetData or OpCode.Multi or OpCode.CloseSession;

    public override string ToString() => $"client {Client}, session 0x{Session:x}, request {Xid}: {Op} {Path} {Value}, "
        + $"{Invoked / 1000.0:F3} to {Returned / 1000.0:F3}";
}

/// <summary>What a client heard, in the order in which it did.</summary>
internal abstract record Heard
{
    /// <summary>An answer.</summary>
    internal sealed record Reply(Operation Operation) : Heard;

    /// <summary>A watch fired.</summary>
    internal sealed record Event(EventType Type, string Path, long Zxid) : Heard;

    /// <summary>A connection with a session; the missed events come next.</summary>
    internal sealed record Connected(bool IsNew, long Session, long Asked) : Heard;

    /// <summary>The session is over: nothing of it is left.</summary>
    internal sealed record Ended : Heard;
}
