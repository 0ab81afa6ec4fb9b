using System.Text;
using Quoll.Differential.Comparing;
using Quoll.Differential.Ops;
using Quoll.Differential.Wire;

namespace Quoll.Differential.Generation;

/// <summary>The arguments of each request type. Every method yields the type and the body.</summary>
internal sealed class RequestMaker(Palette palette)
{
    private static readonly int[] CreateTypes =
        [Opcode.Create, Opcode.Create, Opcode.Create, Opcode.Create2, Opcode.Create2, Opcode.CreateContainer, Opcode.CreateTtl];

    private const string Beyond = "\U0001F600:x";

    // Users and passwords that are not quite.
    private static readonly string?[] Odd =
        ["nopassword", "", ":", "\u00e9:\u6f22", Beyond, "a\udcff:\udcfe", "\udcff", null];

    private readonly AclMaker _acls = new(palette);

    public (int Type, Part[] Body) Create(bool inMulti = false)
    {
        var type = palette.Pick<int>(CreateTypes);
        var flags = Flags(type, inMulti);
        var path = palette.NewPath();
        if (palette.Careful || palette.Chance(50))
            palette.Guess.Created(path, type, flags);

        var nullable = !inMulti || !palette.Restrictions.HasFlag(Restrictions.PlainMultiCreates);
        Part[] acl = _acls.Acl(nullable: nullable);
        Part[] body = [new TextPart("path", path), new BytesPart("data", palette.Data()), .. acl, new IntPart("flags", flags)];
        return type == Opcode.CreateTtl ? (type, [.. body, new LongPart("ttl", Ttl())]) : (type, body);
    }

    // Ones whose end no test lives to see, and invalid ones.
    private long Ttl() => palette.Careful || palette.Chance(50)
        ? palette.Pick(3_600_000, 86_400_000, (1L << 40) - 1)
        : palette.Pick(1L << 40, 0, -1, long.MaxValue);

    private int Flags(int type, bool inMulti)
    {
        // Opcode 21 must not carry other flags: 3.8.0 dies of it, and later servers likewise.
        if (type == Opcode.CreateTtl)
            return palette.Pick(5, 5, 6);

        var odd = !palette.Careful && palette.Chance(8) && !(inMulti && palette.Restrictions.HasFlag(Restrictions.PlainMultiCreates));
        if (odd)
            return palette.Pick(7, -1, 100, 5, 6, int.MinValue);

        var mismatch = !palette.Careful && palette.Chance(6) && !palette.Restrictions.HasFlag(Restrictions.MatchingFlags);
        if (mismatch)
            return palette.Pick(0, 1, 2, 3, 4);

        return type == Opcode.CreateContainer ? 4 : palette.Pick(0, 0, 0, 0, 1, 1, 2, 2, 3);
    }

    public (int Type, Part[] Body) Delete()
    {
        var path = palette.Path();
        var version = palette.Version(palette.Guess.Version(path));
        palette.Guess.Deleted(path, version);
        return (Opcode.Delete, [new TextPart("path", path), new IntPart("version", version)]);
    }

    public (int Type, Part[] Body) SetData()
    {
        var path = palette.Path();
        var version = palette.Version(palette.Guess.Version(path));
        palette.Guess.DataSet(path, version);
        return (Opcode.SetData, [new TextPart("path", path), new BytesPart("data", palette.Data()), new IntPart("version", version)]);
    }

    public (int Type, Part[] Body) Check()
    {
        var path = palette.Path();
        return (Opcode.Check, [new TextPart("path", path), new IntPart("version", palette.Version(palette.Guess.Version(path)))]);
    }

    public (int Type, Part[] Body) SetAcl()
    {
        // The root and its system nodes must stay usable, for later sequences too.
        var path = palette.Path();
        var open = path is not null && !path.StartsWith('~');
        var version = palette.Version(palette.Guess.AclVersion(path));
        palette.Guess.AclSet(path, version);
        return (Opcode.SetAcl, [new TextPart("path", path), .. _acls.Acl(open), new IntPart("version", version)]);
    }

    public (int Type, Part[] Body) Read(int slot)
    {
        var type = palette.Pick(Opcode.Exists, Opcode.Exists, Opcode.GetData, Opcode.GetData, Opcode.GetChildren, Opcode.GetChildren2);
        return (type, [new TextPart("path", palette.Path()), new BytePart("watch", palette.Watch(slot))]);
    }

    public (int Type, Part[] Body) PathOnly()
    {
        var type = palette.Pick(Opcode.GetAcl, Opcode.GetAcl, Opcode.Sync, Opcode.GetEphemerals, Opcode.GetAllChildrenNumber);
        var path = type == Opcode.GetEphemerals && palette.Chance(60)
            ? palette.Pick("~", "~/a", "/", "", null, " ", "\t/ ", "~/a/")
            : palette.Path();
        return (type, [new TextPart("path", path)]);
    }

    public (int Type, Part[] Body) Multi(out int[] subTypes)
    {
        var subs = new List<(int Type, Part[] Body)>();
        var careful = palette.Careful;
        palette.Guess.Doubtful = true;
        for (var count = palette.Chance(5) ? 0 : palette.Next(5) + 1; count > 0; count--)
        {
            // Often one op fails among ones that would not.
            palette.Careful = careful || palette.Chance(80);
            subs.Add(palette.Next(20) switch
            {
                < 8 => Create(inMulti: true),
                < 11 => Delete(),
                < 15 => SetData(),
                < 19 => Check(),
                _ when palette.Careful => Check(),
                _ => palette.Chance(70) ? Check() : palette.Pick(Read(0), SetAcl(), (Opcode.Ping, []), (77, [])),
            });
        }

        palette.Guess.Doubtful = false;
        subTypes = [.. subs.Select(sub => sub.Type)];
        return (Opcode.Multi, Envelope([.. subs.Select(sub => (sub.Type, Named(sub.Body)))]));
    }

    public (int Type, Part[] Body) MultiRead()
    {
        var subs = new List<(int Type, Part[] Body)>();
        for (var count = palette.Next(5); count > 0; count--)
        {
            Part[] body = [new TextPart("path", palette.Path()), new BytePart("watch", palette.Pick<byte>(0, 0, 1))];
            subs.Add(palette.Next(20) switch
            {
                < 12 => (Opcode.GetData, body),
                < 18 => (Opcode.GetChildren, body),
                _ when palette.Careful => (Opcode.GetData, body),
                _ => palette.Pick((Opcode.Exists, body), Delete(), Check(), (77, [])),
            });
        }

        return (Opcode.MultiRead, Envelope(subs));
    }

    private Part[] Named(Part[] body) => palette.Restrictions.HasFlag(Restrictions.NoNullPathsInMulti)
        ? [.. body.Select(part => part is TextPart { Name: "path", Value: null } ? new TextPart("path", "") : part)]
        : body;

    private Part[] Envelope(List<(int Type, Part[] Body)> subs)
    {
        var parts = new List<Part>();
        foreach (var (type, body) in subs)
        {
            parts.Add(Header(type, 0, palette.Chance(90) ? -1 : palette.Pick(0, 5), "{" + Opcode.Name(type)));
            parts.AddRange(body);
            parts.Add(new SilentPart([], "}"));
        }

        // Only the done flag ends the list; the other fields of the last header are not looked at.
        parts.Add(palette.Chance(95) ? Header(-1, 1, -1, "end") : Header(palette.Pick(1, 99, 0), palette.Pick<byte>(1, 7), 0, "odd end"));
        return [.. parts];
    }

    private static SilentPart Header(int type, byte done, int error, string label)
    {
        var writer = new WireWriter();
        writer.Int(type);
        writer.Byte(done);
        writer.Int(error);
        return new SilentPart(writer.ToArray(), label);
    }

    /// <summary>Whether the server refuses it, and closes, is told too.</summary>
    public (int Type, Part[] Body) Auth(out bool refused)
    {
        var kind = palette.Next(20);
        refused = kind >= 18;
        var (scheme, auth) = kind switch
        {
            < 15 => ("digest", palette.Pick<string>(Palette.Credentials)),
            < 16 => ("digest", OddUser()),
            < 18 => ("ip", "anything"),
            _ => (palette.Pick<string?>("unknown", "world", "auth", "", null, "sasl", "digest\udcff", "\udcff"), "alice:one"),
        };

        var bytes = auth is null ? null : WireWriter.Encode(auth);
        return (Opcode.Auth, [new IntPart("type", palette.Pick(0, 0, 7)), new TextPart("", scheme), new BytesPart("auth", bytes)]);
    }

    // A user comes into lists by the scheme "auth".
    private string? OddUser()
    {
        var user = palette.Pick<string?>(Odd);
        return palette.Restrictions.HasFlag(Restrictions.NoSurrogatesInAcls) && user == Beyond ? "x:y" : user;
    }

    /// <summary>A change of an ensemble that there is not.</summary>
    public (int Type, Part[] Body) Reconfig() =>
        (Opcode.Reconfig,
        [
            new TextPart("joining", palette.Pick<string?>(null, "", "server.2=localhost:2889:3889;2182", "nonsense")),
            new TextPart("leaving", palette.Pick<string?>(null, "", "1")),
            new TextPart("members", palette.Pick<string?>(null, null, "server.1=localhost:2888:3888;2181")),
            new LongPart("config", palette.Pick(-1, 0, long.MaxValue)),
        ]);

    /// <summary>A quota on a node of the sequence. Its text is always well-formed: upstream dies of others.</summary>
    public (int Type, Part[] Body) Quota()
    {
        var limits = Encoding.ASCII.GetBytes(palette.Pick(
            "count=3,bytes=20",
            "count=-1,bytes=-1",
            "count=2,bytes=-1=;byteHardLimit=5;countHardLimit=3",
            "count=1,bytes=1"));
        var at = "/zookeeper/quota" + (palette.Chance(70) ? "~" : palette.Plain());
        var world = new AclMaker(palette).Acl(open: true);
        var leaf = palette.Chance(50) ? "/zookeeper_limits" : "/zookeeper_stats";
        var path = palette.Chance(30) ? at : at + leaf;
        var data = path == at ? [] : leaf == "/zookeeper_limits" ? limits : Encoding.ASCII.GetBytes("count=0,bytes=0");
        var version = new IntPart("version", -1);
        return palette.Next(10) switch
        {
            < 6 => (Opcode.Create, [new TextPart("path", path), new BytesPart("data", data), .. world, new IntPart("flags", 0)]),
            < 8 => (Opcode.GetData, [new TextPart("path", at + leaf), new BytePart("watch", 0)]),
            < 9 => (Opcode.Delete, [new TextPart("path", path), version]),
            _ => (Opcode.SetData, [new TextPart("path", at + "/zookeeper_limits"), new BytesPart("data", limits), version]),
        };
    }
}
