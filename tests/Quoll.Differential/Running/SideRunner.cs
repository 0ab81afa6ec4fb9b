using Quoll.Differential.Comparing;
using Quoll.Differential.Ops;
using Quoll.Differential.Wire;

namespace Quoll.Differential.Running;

/// <summary>
/// Runs one step on one server and collects everything the server did because of it. Afterwards nothing is under way:
/// the step's replies have come, and a barrier on every other session has brought the events, which precede its reply.
/// </summary>
internal sealed class SideRunner(Side side, TimeSpan patience, bool ensemble)
{
    public async Task<List<Line>> RunAsync(IReadOnlyList<Op> step)
    {
        var lines = new List<Line>();
        switch (step[0])
        {
            case ConnectOp connect:
                await new Handshake(side, patience).RunAsync(connect, lines);
                break;
            case DisconnectOp disconnect:
                await DisconnectAsync(disconnect.Slot, lines);
                break;
            case ExpireOp expire:
                await ExpireAsync(expire.Slot, lines);
                break;
            case RawOp raw:
                await RawAsync(raw, lines);
                break;
            default:
                await RequestAsync([.. step.Cast<RequestOp>()], lines);
                break;
        }

        // What only reads makes no events for others; should it, the next barrier brings them.
        if (ensemble || !step.All(op => op is RequestOp request && Opcode.IsRead(request.Type)))
            await BarriersAsync([.. Enumerable.Range(-1, side.Slots.Length + 1).Where(slot => slot != step[0].Slot)], lines);

        return lines;
    }

    /// <summary>Reads until the connection closes, keeping what came before.</summary>
    public async Task DrainAsync(int slot, List<Line> lines)
    {
        var state = side[slot];
        while (state.Connection is { } connection)
        {
            var (arrival, payload) = await connection.ReadAsync(patience);
            if (arrival == Arrival.Frame)
                lines.Add(Unasked(slot, payload));
            else
                Drop(slot, arrival, lines);
        }
    }

    private async Task RequestAsync(IReadOnlyList<RequestOp> ops, List<Line> lines)
    {
        var slot = ops[0].Slot;
        if (side[slot].Connection is not { } connection)
        {
            lines.Add(new Line(slot, "skipped", []));
            return;
        }

        await connection.SendAsync([.. ops.SelectMany(op => op.Encode(side))]);
        for (var answered = 0; answered < ops.Count;)
        {
            var (arrival, payload) = await connection.ReadAsync(patience);
            if (arrival != Arrival.Frame)
            {
                Drop(slot, arrival, lines);
                return;
            }

            if (IsEvent(payload))
                lines.Add(Decoder.Event(side, slot, payload));
            else
                lines.Add(Decoder.Reply(side, ops[answered++], payload));
        }

        if (!Closes(ops[^1], lines[^1]))
            return;

        await DrainAsync(slot, lines);
        side.Opened.Remove(ops[^1].Type == Opcode.CloseSession ? side[slot].SessionId : 0);
    }

    // After these the server closes; waiting for it keeps the next step from racing with it.
    private static bool Closes(RequestOp op, Line reply) => op.Type == Opcode.CloseSession || reply.Error switch
    {
        -115 or -124 => true,
        -6 => op.Type is not (Opcode.Create or Opcode.Create2 or Opcode.CreateContainer or Opcode.CreateTtl),
        _ => false,
    };

    private async Task DisconnectAsync(int slot, List<Line> lines)
    {
        if (side[slot].Connection is not { } connection)
        {
            lines.Add(new Line(slot, "skipped", []));
            return;
        }

        connection.FinishSending();
        await DrainAsync(slot, lines);
    }

    private async Task ExpireAsync(int slot, List<Line> lines)
    {
        if (side[slot].Connection is null)
        {
            lines.Add(new Line(slot, "skipped", []));
            return;
        }

        // The server closes the connection once the session is over, and not before.
        await new Handshake(side, patience).RunAsync(new ConnectOp(slot, Attach.Own, slot, KeepOld: false, Timeout: 1), lines);
        await DrainAsync(slot, lines);
        side.Opened.Remove(side[slot].SessionId);
    }

    private async Task RawAsync(RawOp op, List<Line> lines)
    {
        if (side[op.Slot].Connection is not { } connection)
        {
            lines.Add(new Line(op.Slot, "skipped", []));
            return;
        }

        await connection.SendAsync(op.Bytes);
        await DrainAsync(op.Slot, lines);
    }

    private async Task BarriersAsync(int[] slots, List<Line> lines)
    {
        foreach (var slot in slots)
        {
            if (side[slot].Connection is not { } connection)
                continue;

            // On a follower a ping alone may overtake a commit; a sync may not.
            if (ensemble)
                await connection.SendAsync(new RequestOp(slot, 0, int.MaxValue, Opcode.Sync, [new TextPart("path", "/")]).Encode(side));

            await connection.SendAsync(RequestOp.Bare(slot, Opcode.PingXid, Opcode.Ping).Encode(side));
        }

        foreach (var slot in slots)
            await UntilPingedAsync(slot, lines);
    }

    private async Task UntilPingedAsync(int slot, List<Line> lines)
    {
        while (side[slot].Connection is { } connection)
        {
            var (arrival, payload) = await connection.ReadAsync(patience);
            if (arrival != Arrival.Frame)
            {
                Drop(slot, arrival, lines);
                return;
            }

            var xid = new WireReader(payload).Int();
            if (xid == Opcode.PingXid)
                return;

            if (!ensemble || xid != int.MaxValue)
                lines.Add(Unasked(slot, payload));
        }
    }

    private Line Unasked(int slot, byte[] payload) => IsEvent(payload)
        ? Decoder.Event(side, slot, payload)
        : new Line(slot, "unasked", payload) { Fields = [("frame", Convert.ToHexStringLower(payload))] };

    private void Drop(int slot, Arrival arrival, List<Line> lines)
    {
        lines.Add(new Line(slot, arrival == Arrival.Silence ? "silence" : "closed", []));
        side[slot].Connection?.Dispose();
        side[slot].Connection = null;
    }

    private static bool IsEvent(byte[] payload) => new WireReader(payload).Int() == Opcode.NotificationXid;
}
