using Quoll.Differential.Comparing;
using Quoll.Differential.Ops;
using Quoll.Differential.Wire;

namespace Quoll.Differential.Generation;

/// <summary>Ops that depend on nothing but the seed and the sequence's number.</summary>
internal sealed class SequenceGenerator(Restrictions restrictions, int length, bool pipeline, bool expire)
{
    private static readonly int[] UnknownTypes = [0, -1, 10, 55, 99, 108, 200, int.MaxValue, int.MinValue, 23, -12];

    // A header cut short (twice), an empty frame, and length words below and above what is allowed.
    private static readonly byte[][] NoRequests =
        [[0, 0, 0, 4, 0, 0, 0, 1], [0, 0, 0, 7, 0, 0, 0, 1, 0, 0, 0], [0, 0, 0, 0], [255, 255, 255, 255], [0, 16, 0, 0]];

    private static readonly Attach[] Attaches =
    [
        Attach.New, Attach.New, Attach.Own, Attach.Own, Attach.Own, Attach.Own, Attach.Other, Attach.WrongPassword, Attach.Unknown,
    ];

    private Palette _palette = null!;
    private RequestMaker _requests = null!;
    private WatchMaker _watches = null!;
    private int _xid;
    private int _batch;

    // Which slots probably have a session, so that few ops find none.
    private bool[] _open = [];
    private bool[] _ended = [];

    public List<Op> Make(int seed, int number)
    {
        _palette = new Palette(new Random(HashCode(seed, number)), restrictions);
        _requests = new RequestMaker(_palette);
        _watches = new WatchMaker(_palette);
        (_xid, _batch, _open, _ended) = (0, 0, [true, true, true, true], new bool[4]);
        var ops = new List<Op>();
        for (var slot = 0; slot < _palette.Slots; slot++)
            ops.Add(new ConnectOp(slot, Attach.New, slot, KeepOld: false, Timeout: 30000));

        while (ops.Count < length + _palette.Slots)
            Add(ops, _palette.Next(_palette.Slots));

        return ops;
    }

    private void Add(List<Op> ops, int slot)
    {
        _batch++;
        if (!_open[slot] && _palette.Chance(90))
        {
            ops.Add(Connect(slot));
            if (_open[slot] && _palette.Acls && _palette.Chance(60))
                ops.Add(Auth(slot));

            return;
        }

        switch (_palette.Next(100))
        {
            case < 90:
                Requests(ops, slot);
                break;
            case < 94:
                ops.Add(Auth(slot));
                break;
            default:
                Interrupt(ops, slot);
                break;
        }
    }

    // Upstream's pending changes keep a node's old ACL, so what follows a setACL in one write meets the old or the new one
    // by chance. Hence a setACL is the last of its write.
    private void Requests(List<Op> ops, int slot)
    {
        var left = pipeline ? _palette.Next(6) : 0;
        do
            ops.Add(Request(slot));
        while (left-- > 0 && ops[^1] is not RequestOp { Type: Opcode.SetAcl });
    }

    // What ends a connection.
    private void Interrupt(List<Op> ops, int slot)
    {
        _open[slot] = false;
        switch (_palette.Next(expire ? 13 : 12))
        {
            case < 3:
                ops.Add(new DisconnectOp(slot));
                break;
            case < 5:
                ops.Add(new RequestOp(slot, _batch, Xid(), Opcode.CloseSession, []));
                _ended[slot] = true;
                _palette.Guess.SessionClosed(slot);
                break;
            case < 6:
                ops.Add(new RequestOp(slot, _batch, Xid(), _palette.Pick<int>(UnknownTypes), [new TextPart("path", "~/a")]));
                break;
            case < 7 when _palette.Chance(20) && !restrictions.HasFlag(Restrictions.NoServerRequests):
                ops.Add(new RequestOp(slot, _batch, Xid(), Opcode.DeleteContainer, [new TextPart("path", _palette.Path() ?? "")]));
                break;
            case < 7:
                ops.Add(new RawOp(slot, _palette.Pick<byte[]>(NoRequests)));
                break;
            case < 8 when !restrictions.HasFlag(Restrictions.NoLoneCheck):
                var (type, body) = _requests.Check();
                ops.Add(new RequestOp(slot, _batch, Xid(), type, body));
                break;
            case 12:
                ops.Add(new ExpireOp(slot));
                _ended[slot] = true;
                _palette.Guess.SessionClosed(slot);
                break;
            default:
                ops.Add(Connect(slot));
                break;
        }
    }

    private ConnectOp Connect(int slot)
    {
        var attach = _ended[slot] && _palette.Chance(80) ? Attach.New : _palette.Pick<Attach>(Attaches);
        var other = _palette.Next(_palette.Slots);
        var op = new ConnectOp(slot, attach, other, attach != Attach.New && _palette.Chance(40), 30000);
        if (attach == Attach.Other)
            _open[other] = false;

        _open[slot] = attach is Attach.New or Attach.Own or Attach.Other;
        _ended[slot] = attach switch
        {
            Attach.New => false,
            Attach.Other => _ended[other],
            _ => _ended[slot],
        };
        return _palette.Next(10) switch
        {
            0 when expire => op with { Timeout = _palette.Pick(10000, 39999, 40001, int.MaxValue) },
            0 => op with { Timeout = _palette.Pick(0, -1, 1, 4001, 39999, 40001, int.MaxValue, int.MinValue) },
            1 => op with { LastZxidSeen = _palette.Pick(1, -1, long.MaxValue, long.MinValue) },
            2 => op with { ReadOnly = _palette.Pick<byte?>(null, 1, 2), Version = _palette.Pick(0, 1, -1) },
            3 => op with { PasswordLength = _palette.Pick(0, -1, 1, 17) },
            4 => op with { ReadOnly = 0, Cut = _palette.Chance(20) ? _palette.Pick(1, 2, 20) : 0 },
            _ => op,
        };
    }

    // Alone in its write: auth is answered in the I/O path and may overtake what was sent before it.
    private RequestOp Auth(int slot)
    {
        _batch++;
        if (_palette.Chance(5))
            return new RequestOp(slot, _batch, Xid(), Opcode.Sasl, [new BytesPart("token", _palette.Data() ?? [])]);

        var (type, body) = _requests.Auth(out var refused);
        _open[slot] &= !refused;
        return new RequestOp(slot, _batch, _palette.Chance(90) ? Opcode.AuthXid : Xid(), type, body);
    }

    private RequestOp Request(int slot)
    {
        int[] subTypes = [];
        _palette.Careful = _palette.Chance(65);
        _palette.Guess.Slot = slot;
        var (type, body) = _palette.Next(100) switch
        {
            < 28 => _palette.Quotas && _palette.Chance(25) ? _requests.Quota() : _requests.Create(),
            < 39 => _requests.Delete(),
            < 50 => _requests.SetData(),
            < 56 => _requests.SetAcl(),
            < 70 => _requests.Read(slot),
            < 77 => _requests.PathOnly(),
            < 86 => _requests.Multi(out subTypes),
            < 89 => _requests.MultiRead(),
            < 93 when _palette.Quotas => _requests.Quota(),
            < 98 => _palette.Watches ? Watch(slot) : _requests.Read(slot),
            _ => _palette.Pick((Opcode.Ping, Array.Empty<Part>()), (Opcode.WhoAmI, []), _requests.Reconfig()),
        };

        var op = new RequestOp(slot, _batch, Xid(), type, body) { SubTypes = subTypes };

        // A reconfig cut short takes a zxid here, as every write, and none in Apache's servers.
        var whole = type == Opcode.Reconfig || (Opcode.IsWrite(type) && restrictions.HasFlag(Restrictions.NoTruncatedWrites));
        return _palette.Next(_palette.Careful ? 300 : 100) switch
        {
            < 2 when body.Length > 0 && !whole => op with { Cut = _palette.Next(12) + 1 },
            < 3 => op with { Extra = _palette.Next(9) + 1 },
            _ => op,
        };
    }

    private (int Type, Part[] Body) Watch(int slot) => _palette.Next(7) switch
    {
        < 3 => _watches.AddWatch(slot),
        < 5 => _watches.Remove(slot),
        _ => _watches.SetWatches(slot),
    };

    // Servers echo any xid. -1 is left out: its reply would look like a notification.
    private int Xid()
    {
        _xid++;
        return _palette.Chance(97) ? _xid : _palette.Pick(0, 1, -2, -4, -8, -100, int.MaxValue, int.MinValue);
    }

    // Seeds and numbers next to each other must not give sequences that resemble each other.
    private static int HashCode(int seed, int number)
    {
        var mixed = ((ulong)(uint)seed << 32 | (uint)number) * 0x9E3779B97F4A7C15UL;
        return (int)((mixed ^ mixed >> 29) * 0xBF58476D1CE4E5B9UL >> 33);
    }
}
