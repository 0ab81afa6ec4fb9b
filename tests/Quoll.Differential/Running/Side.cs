using System.Globalization;

namespace Quoll.Differential.Running;

/// <summary>What the tester holds of one session slot on one server.</summary>
internal sealed class SlotState
{
    public RawConnection? Connection { get; set; }

    public long SessionId { get; set; }

    public byte[] Password { get; set; } = new byte[16];
}

/// <summary>One of the two servers, and what is its own in a sequence: its zxids, its session ids and its connections.</summary>
internal sealed class Side(string name, Endpoint endpoint, string root)
{
    private readonly Dictionary<long, string> _sessions = [];

    public string Name { get; } = name;

    public Endpoint Endpoint { get; } = endpoint;

    public string Root { get; } = root;

    public long BaseZxid { get; set; }

    /// <summary>How many nodes there were at the start of the sequence; earlier ones may have left some behind.</summary>
    public int BaseNodes { get; set; }

    public SlotState Control { get; } = new();

    public SlotState[] Slots { get; } = [new(), new(), new(), new()];

    /// <summary>Every session this sequence opened, so that none is left to expire in the middle of a later one.</summary>
    public Dictionary<long, byte[]> Opened { get; } = [];

    public SlotState this[int slot] => slot < 0 ? Control : Slots[slot];

    /// <summary>The session's ordinal on this server; ids themselves differ between servers.</summary>
    public string Session(long id)
    {
        if (id == 0)
            return "0";

        return _sessions.TryGetValue(id, out var known) ? known : string.Create(CultureInfo.InvariantCulture, $"unknown-0x{id:x}");
    }

    public void Learn(long id, byte[] password)
    {
        _sessions.TryAdd(id, string.Create(CultureInfo.InvariantCulture, $"S{_sessions.Count}"));
        Opened[id] = password;
    }

    /// <summary>
    /// Counted from the start of the sequence. Values at or below 0 are the protocol's own and stay raw;
    /// what is older than the sequence depends on the server's history and is only "old".
    /// </summary>
    public string Zxid(long zxid)
    {
        if (zxid <= 0)
            return zxid.ToString(CultureInfo.InvariantCulture);

        return zxid <= BaseZxid ? "old" : string.Create(CultureInfo.InvariantCulture, $"+{zxid - BaseZxid}");
    }
}
