using Quoll.Differential.Comparing;
using Quoll.Differential.Ops;
using Quoll.Differential.Wire;

namespace Quoll.Differential.Running;

/// <summary>Opens connections and attaches them to sessions, rightly or wrongly.</summary>
internal sealed class Handshake(Side side, TimeSpan patience)
{
    // Recognisable in a server's log; no server hands out an id whose time part is this far off.
    private const long UnknownSession = 0x0100_DEAD_BEEF_0001;

    public async Task RunAsync(ConnectOp op, List<Line> lines)
    {
        var slot = side[op.Slot];
        var old = slot.Connection;
        slot.Connection = null;
        if (old is not null && !op.KeepOld)
        {
            old.FinishSending();
            await WatchAsync(op.Slot, old, "old", lines);
            old = null;
        }

        var (id, password) = Target(op, slot);
        if (await RawConnection.OpenAsync(side.Endpoint) is not { } connection)
        {
            lines.Add(new Line(op.Slot, "unreachable", []));
            old?.Dispose();
            return;
        }

        await connection.SendAsync(Request(op, id, password));
        var (arrival, payload) = await connection.ReadAsync(patience);
        if (arrival == Arrival.Frame)
        {
            lines.Add(Decoder.Handshake(side, op, password, payload));
            slot.Connection = connection;
        }
        else
        {
            lines.Add(new Line(op.Slot, arrival == Arrival.Silence ? "silence" : "closed", []));
            connection.Dispose();
        }

        if (lines[^1]["id"] == "0")
            await new SideRunner(side, patience, ensemble: false).DrainAsync(op.Slot, lines);

        if (old is not null)
            await PingOldAsync(op.Slot, old, lines);
    }

    private (long Id, byte[] Password) Target(ConnectOp op, SlotState slot)
    {
        var other = side.Slots[op.Other];
        return op.Attach switch
        {
            Attach.New => (0, new byte[Math.Max(op.PasswordLength, 0)]),
            Attach.Own => (slot.SessionId, slot.Password),
            Attach.Other => (other.SessionId, other.Password),
            Attach.WrongPassword => (slot.SessionId, [.. slot.Password[..15], (byte)(slot.Password[15] ^ 1)]),
            _ => (UnknownSession, new byte[16]),
        };
    }

    private static byte[] Request(ConnectOp op, long id, byte[] password)
    {
        var writer = new WireWriter();
        writer.Int(op.Version);
        writer.Long(op.LastZxidSeen);
        writer.Int(op.Timeout);
        writer.Long(id);
        writer.Buffer(op is { Attach: Attach.New, PasswordLength: < 0 } ? null : password);
        if (op.ReadOnly is { } readOnly)
            writer.Byte(readOnly);

        var payload = writer.ToArray();
        return WireWriter.Frame(payload.AsSpan(0, payload.Length - op.Cut));
    }

    // A reattach makes the server close the old connection; a new session leaves it alone.
    private async Task PingOldAsync(int slot, RawConnection old, List<Line> lines)
    {
        await old.SendAsync(RequestOp.Bare(slot, Opcode.PingXid, Opcode.Ping).Encode(side));
        await WatchAsync(slot, old, "old", lines);
    }

    private async Task WatchAsync(int slot, RawConnection old, string name, List<Line> lines)
    {
        while (true)
        {
            var (arrival, payload) = await old.ReadAsync(patience);
            if (arrival == Arrival.Frame && new WireReader(payload).Int() == Opcode.NotificationXid)
            {
                lines.Add(Decoder.Event(side, slot, payload));
                continue;
            }

            lines.Add(new Line(slot, name, []) { Fields = [("connection", arrival == Arrival.Frame ? "alive" : arrival.ToString())] });

            // A connection that lives on is ended here, and its end awaited: its watches must not outlive this step.
            old.FinishSending();
            while (arrival == Arrival.Frame)
                arrival = (await old.ReadAsync(patience)).Arrival;

            old.Dispose();
            return;
        }
    }
}
