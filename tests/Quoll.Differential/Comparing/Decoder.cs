using System.Globalization;
using Quoll.Differential.Ops;
using Quoll.Differential.Running;
using Quoll.Differential.Wire;

namespace Quoll.Differential.Comparing;

/// <summary>
/// Turns a frame into a line. Every byte of the frame ends up in some field, except times, passwords and the
/// server's own numbers (session ids, zxids), which are replaced by what they mean; so equal lines are equal bytes.
/// </summary>
internal static class Decoder
{
    public static Line Event(Side side, int slot, byte[] payload)
    {
        var reader = new WireReader(payload);
        var line = new Line(slot, "event", payload);
        reader.Int();
        Add(line, "zxid", side.Zxid(reader.Long()));
        Add(line, "err", reader.Int());
        Add(line, "type", reader.Int());
        Add(line, "state", reader.Int());
        Add(line, "path", reader.Shown());
        return Finish(line, reader);
    }

    public static Line Reply(Side side, RequestOp op, byte[] payload)
    {
        var reader = new WireReader(payload);
        var line = new Line(op.Slot, "reply", payload);
        Add(line, "op", Opcode.Name(op.Type));
        Add(line, "xid", reader.Int());
        Add(line, "zxid", side.Zxid(reader.Long()));
        var error = reader.Int();
        Add(line, "err", error);
        if (error == 0)
            Body(side, op, line, ref reader);
        else if (op.Type is Opcode.MultiRead or Opcode.Multi && reader.Rest.Length > 0)
            Results(side, op, line, ref reader);

        return Finish(line, reader);
    }

    public static Line Handshake(Side side, ConnectOp op, byte[] password, byte[] payload)
    {
        var reader = new WireReader(payload);
        var line = new Line(op.Slot, "session", payload);
        Add(line, "version", reader.Int());
        Add(line, "timeout", reader.Int());
        var id = reader.Long();
        var answered = reader.Buffer();
        if (id != 0 && answered is { Length: 16 })
        {
            side.Learn(id, answered);
            side[op.Slot].SessionId = id;
            side[op.Slot].Password = answered;
        }

        Add(line, "id", side.Session(id));
        Add(line, "password", Password(op, password, answered));
        Add(line, "readOnly", reader.Rest.Length > 0 ? reader.Byte().ToString(CultureInfo.InvariantCulture) : "absent");
        return Finish(line, reader);
    }

    private static string Password(ConnectOp op, byte[] sent, byte[]? answered)
    {
        if (answered is not { Length: 16 })
            return WireReader.Show(answered);

        if (!answered.AsSpan().ContainsAnyExcept((byte)0))
            return "zeros";

        return op.Attach == Attach.New ? "new" : answered.AsSpan().SequenceEqual(sent) ? "same" : "different";
    }

    private static void Body(Side side, RequestOp op, Line line, ref WireReader reader)
    {
        switch (op.Type)
        {
            case Opcode.Create:
            case Opcode.Sync:
                Add(line, "path", reader.Shown());
                break;
            case Opcode.Create2:
            case Opcode.CreateContainer:
            case Opcode.CreateTtl:
                Add(line, "path", reader.Shown());
                Stat(side, line, "", ref reader);
                break;
            case Opcode.Exists:
            case Opcode.SetData:
            case Opcode.SetAcl:
                Stat(side, line, "", ref reader);
                break;
            case Opcode.GetData:
                Add(line, "data", reader.Shown());
                Stat(side, line, "", ref reader);
                break;
            case Opcode.GetAcl:
                Acls(line, ref reader);
                Stat(side, line, "", ref reader);
                break;
            case Opcode.GetChildren:
            case Opcode.GetEphemerals:
                Names(line, "names", ref reader);
                break;
            case Opcode.GetChildren2:
                Names(line, "names", ref reader);
                Stat(side, line, "", ref reader);
                break;
            case Opcode.Multi:
            case Opcode.MultiRead:
                Results(side, op, line, ref reader);
                break;
            case Opcode.GetAllChildrenNumber:
                Add(line, "number", Count(side, op, reader.Int()));
                break;
            case Opcode.AddWatch:
                Add(line, "watchErr", reader.Int());
                break;
            case Opcode.WhoAmI:
                Identities(line, ref reader);
                break;
            default:
                break;
        }
    }

    // Of the whole tree, count what has come since the sequence's start.
    private static string Count(Side side, RequestOp op, int number) => op.Body is [TextPart { Value: "/" or "" }]
        ? string.Create(CultureInfo.InvariantCulture, $"start+{number - side.BaseNodes}")
        : number.ToString(CultureInfo.InvariantCulture);

    private static void Results(Side side, RequestOp op, Line line, ref WireReader reader)
    {
        for (var i = 0; !reader.Malformed; i++)
        {
            var at = string.Create(CultureInfo.InvariantCulture, $"[{i}]");
            var type = reader.Int();
            var done = reader.Byte();
            var error = reader.Int();
            Add(line, at, string.Create(CultureInfo.InvariantCulture, $"{type}/{done}/{error}"));
            if (done != 0)
                return;

            Result(side, op, line, (at, type), ref reader);
        }
    }

    private static void Result(Side side, RequestOp op, Line line, (string Name, int Type) at, ref WireReader reader)
    {
        switch (at.Type)
        {
            case -1:
                Add(line, at.Name + "err", reader.Int());
                break;
            case Opcode.Create:
                Add(line, at.Name + "path", reader.Shown());
                break;
            case Opcode.Create2:
                Add(line, at.Name + "path", reader.Shown());
                Stat(side, line, at.Name, ref reader);
                break;
            case Opcode.SetData:
                Stat(side, line, at.Name, ref reader);
                break;
            case Opcode.GetData when op.Type == Opcode.MultiRead:
                Add(line, at.Name + "data", reader.Shown());
                Stat(side, line, at.Name, ref reader);
                break;
            case Opcode.GetChildren when op.Type == Opcode.MultiRead:
                Names(line, at.Name + "names", ref reader);
                break;
            default:
                break;
        }
    }

    private static void Stat(Side side, Line line, string prefix, ref WireReader reader)
    {
        var (czxid, mzxid, ctime, mtime) = (reader.Long(), reader.Long(), reader.Long(), reader.Long());
        Add(line, prefix + "czxid", side.Zxid(czxid));
        Add(line, prefix + "mzxid", side.Zxid(mzxid));

        // Clocks differ, but the initial nodes have no time at all and a node not changed since its creation has one time.
        Add(line, prefix + "ctime", ctime == 0 ? "0" : "T");
        Add(line, prefix + "mtime", mtime == 0 ? "0" : czxid != mzxid ? "T" : mtime == ctime ? "ctime" : "not-ctime");
        Add(line, prefix + "version", reader.Int());
        Add(line, prefix + "cversion", reader.Int());
        Add(line, prefix + "aversion", reader.Int());
        Add(line, prefix + "owner", side.Session(reader.Long()));
        Add(line, prefix + "dataLength", reader.Int());
        Add(line, prefix + "numChildren", reader.Int());
        Add(line, prefix + "pzxid", side.Zxid(reader.Long()));
    }

    // A list whose order is that of a hash table in Apache's server is compared as a set.
    private static void Names(Line line, string name, ref WireReader reader)
    {
        var count = reader.Int();
        var names = new List<string>();
        for (var i = 0; i < count && !reader.Malformed; i++)
            names.Add(reader.Shown());

        names.Sort(StringComparer.Ordinal);
        Add(line, name, string.Create(CultureInfo.InvariantCulture, $"{count}[{string.Join(',', names)}]"));
    }

    private static void Identities(Line line, ref WireReader reader)
    {
        var count = reader.Int();
        var ids = new List<string>();
        for (var i = 0; i < count && !reader.Malformed; i++)
            ids.Add(reader.Shown() + ":" + reader.Shown());

        ids.Sort(StringComparer.Ordinal);
        Add(line, "ids", string.Create(CultureInfo.InvariantCulture, $"{count}[{string.Join(',', ids)}]"));
    }

    // The ids an "auth" entry is expanded to come from a hash set: runs of equal permissions and scheme digest are sorted.
    private static void Acls(Line line, ref WireReader reader)
    {
        var count = reader.Int();
        var entries = new List<(string Group, string Text)>();
        for (var i = 0; i < count && !reader.Malformed; i++)
        {
            var permissions = reader.Int();
            var scheme = reader.Shown();
            var text = string.Create(CultureInfo.InvariantCulture, $"{scheme}:{reader.Shown()}:{permissions}");
            entries.Add((scheme == "\"digest\"" ? "digest" + permissions : text, text));
        }

        for (var start = 0; start < entries.Count;)
        {
            var end = start + 1;
            while (end < entries.Count && entries[end].Group == entries[start].Group)
                end++;

            entries.Sort(start, end - start, Comparer<(string Group, string Text)>.Create((a, b) => string.CompareOrdinal(a.Text, b.Text)));
            start = end;
        }

        Add(line, "acl", string.Create(CultureInfo.InvariantCulture, $"{count}[{string.Join(',', entries.Select(e => e.Text))}]"));
    }

    private static Line Finish(Line line, WireReader reader)
    {
        if (reader.Malformed)
            Add(line, "malformed", Convert.ToHexStringLower(line.Raw));
        else if (reader.Rest.Length > 0)
            Add(line, "surplus", Convert.ToHexStringLower(reader.Rest));

        return line;
    }

    private static void Add(Line line, string name, int value) => Add(line, name, value.ToString(CultureInfo.InvariantCulture));

    private static void Add(Line line, string name, string value) => line.Fields.Add((name, value));
}
