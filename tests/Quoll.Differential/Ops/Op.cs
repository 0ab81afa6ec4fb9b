using System.Globalization;
using Quoll.Differential.Running;
using Quoll.Differential.Wire;

namespace Quoll.Differential.Ops;

/// <summary>
/// One line of a sequence: something a session slot does. Ops that share a batch are sent in one write.
/// An op never depends on a reply, so any subset of a sequence is again a sequence.
/// </summary>
internal abstract record Op(int Slot, int Batch)
{
    public abstract string Text { get; }
}

/// <summary>A request frame, of whose payload the last bytes may be cut off, or which may have extra bytes after the record.</summary>
internal sealed record RequestOp(int Slot, int Batch, int Xid, int Type, IReadOnlyList<Part> Body, int Cut = 0, int Extra = 0)
    : Op(Slot, Batch)
{
    /// <summary>The types inside a multi.</summary>
    public IReadOnlyList<int> SubTypes { get; init; } = [];

    /// <summary>An op with no body at all, as some clients send ping.</summary>
    public static RequestOp Bare(int slot, int xid, int type) => new(slot, 0, xid, type, []);

    public override string Text
    {
        get
        {
            var fields = string.Concat(Body.Select(part => " " + part.Text));
            var cut = Cut == 0 ? "" : string.Create(CultureInfo.InvariantCulture, $" (last {Cut} bytes cut off)");
            var extra = Extra == 0 ? "" : string.Create(CultureInfo.InvariantCulture, $" ({Extra} bytes after the record)");
            var who = Slot < 0 ? "tester" : "s" + Slot.ToString(CultureInfo.InvariantCulture);
            return string.Create(CultureInfo.InvariantCulture, $"{who} xid={Xid} {Opcode.Name(Type)}{fields}{cut}{extra}");
        }
    }

    public byte[] Encode(Side side)
    {
        var writer = new WireWriter();
        writer.Int(Xid);
        writer.Int(Type);
        foreach (var part in Body)
            part.Write(writer, side);

        writer.Raw(new byte[Extra]);
        var payload = writer.ToArray();
        return WireWriter.Frame(payload.AsSpan(0, Math.Max(8, payload.Length - Cut)));
    }
}

internal enum Attach
{
    /// <summary>A new session.</summary>
    New,

    /// <summary>The session the slot had, with its password.</summary>
    Own,

    /// <summary>The session of another slot, whose connection is thereby closed.</summary>
    Other,

    /// <summary>The slot's session with a password that is wrong by one bit.</summary>
    WrongPassword,

    /// <summary>A session id no server gave out.</summary>
    Unknown,
}

/// <summary>
/// Opens a TCP connection for the slot and sends a ConnectRequest on it. The slot's old connection may be kept open meanwhile,
/// so that it is the server who has to close it.
/// </summary>
internal sealed record ConnectOp(int Slot, Attach Attach, int Other, bool KeepOld, int Timeout) : Op(Slot, 0)
{
    public long LastZxidSeen { get; init; }

    public int Version { get; init; }

    /// <summary>The optional last byte; null leaves it out, as clients before 3.4 do.</summary>
    public byte? ReadOnly { get; init; } = 0;

    /// <summary>The password length for a new session; -1 is null.</summary>
    public int PasswordLength { get; init; } = 16;

    /// <summary>How many bytes are missing at the end.</summary>
    public int Cut { get; init; }

    public override string Text
    {
        get
        {
            var whose = Attach == Attach.Other ? $"{Attach}(s{Other})" : Attach.ToString();
            var timing = string.Create(CultureInfo.InvariantCulture, $"timeout={Timeout} lastZxidSeen={LastZxidSeen}");
            var readOnly = ReadOnly?.ToString(CultureInfo.InvariantCulture) ?? "absent";
            var odd = (KeepOld ? " old connection stays" : "") + (Cut > 0 ? $" (last {Cut} bytes cut off)" : "");
            return string.Create(
                CultureInfo.InvariantCulture,
                $"s{Slot} connect {whose} {timing} version={Version} readOnly={readOnly} passwd={PasswordLength}{odd}");
        }
    }
}

/// <summary>The client goes away without a word: its half of the connection is closed.</summary>
internal sealed record DisconnectOp(int Slot) : Op(Slot, 0)
{
    public override string Text => string.Create(CultureInfo.InvariantCulture, $"s{Slot} disconnect");
}

/// <summary>The client says nothing more for longer than its session lives, which it had made as short as it gets.</summary>
internal sealed record ExpireOp(int Slot) : Op(Slot, 0)
{
    public override string Text => string.Create(CultureInfo.InvariantCulture, $"s{Slot} expire");
}

/// <summary>Bytes that are no request; the server is expected to close.</summary>
internal sealed record RawOp(int Slot, byte[] Bytes) : Op(Slot, 0)
{
    public override string Text => string.Create(CultureInfo.InvariantCulture, $"s{Slot} raw {Convert.ToHexStringLower(Bytes)}");
}
