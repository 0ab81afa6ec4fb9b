using Quoll.Differential.Comparing;
using Quoll.Differential.Ops;

namespace Quoll.Differential.Generation;

/// <summary>Access control lists: open ones, ones that lock sessions out, and ones a server must refuse.</summary>
internal sealed class AclMaker(Palette palette)
{
    private static readonly (string?, string?)[] Refused =
    [
        ("world", "someone"), ("world", ""), ("digest", "nocolon"), ("digest", "a:b:c"), ("digest", ":"), ("digest", ""), ("digest", "u:"),
        ("ip", "nonsense"), ("ip", "127.0.0.1/33"), ("ip", "127.0.0.1/-1"), ("ip", "127.0.0.1/"),
        ("ip", "127.0.0"), ("ip", "256.0.0.1"), ("ip", ""),
        ("sasl", "user"), ("super", ""), ("key", "x"), ("", ""), ("World", "anyone"), ("x509", "CN=x"),
        ("\udcff", "x"), ("digest\udcff", "a:b"), ("world", "anyone\udcff"), ("ip", "127.0.0.1\udcff"), ("digest", "\udcff"),
        (null, "anyone"), ("world", null), ("digest", null), ("ip", null), (null, null),
    ];

    /// <summary>The parts of an ACL vector. <paramref name="open"/> asks for one that keeps the node usable by all.</summary>
    public Part[] Acl(bool open = false, bool nullable = true)
    {
        if (!open && !palette.Careful && palette.Chance(2))
            return [new IntPart("acls", nullable ? palette.Pick(-1, 0, -7) : 0)];

        if (open || (palette.Careful && !palette.Acls) || palette.Chance(palette.Acls ? 35 : 70))
            return Write([(31, "world", "anyone")]);

        if (!palette.Careful && palette.Chance(8))
        {
            var (scheme, id) = palette.Pick<(string?, string?)>(Refused);
            return Write([.. Some(1), (31, scheme, id)]);
        }

        // Where watches are at work every node stays readable, for the sake of servers that withhold events.
        return palette.Acls
            ? Write(Some(palette.Next(3) + 1))
            : Write([(palette.Pick(31, 1, 3, 7, 27, 31, -1), "world", "anyone"), .. Some(palette.Next(3))]);
    }

    private (int, string?, string?)[] Some(int count)
    {
        var entries = new (int, string?, string?)[count];
        for (var i = 0; i < count; i++)
        {
            var permissions = palette.Pick(31, 31, 31, 1, 2, 3, 4, 8, 15, 16, 17, 23, 30, 0, 64, -1);
            var (scheme, id) = Entry();
            entries[i] = (permissions, scheme, id);
        }

        // A duplicate now and then: exact ones are dropped, others are not.
        if (count > 1 && palette.Chance(15))
            entries[1] = entries[0];

        return entries;
    }

    private (string?, string?) Entry() => palette.Next(10) switch
    {
        < 2 => ("world", "anyone"),
        < 5 => ("digest", Palette.DigestId(palette.Pick<string>(Palette.Credentials))),
        < 6 => ("digest", palette.Pick("alice:wrong", "nobody:x", "a:b", "a\udcff:b", "\udced\udca0\udc80:x", "\u00e9:\u6f22", Beyond)),
        < 8 => ("auth", palette.Pick<string?>("", "", "ignored", null)),
        _ => ("ip", Address()),
    };

    private string Beyond => palette.Restrictions.HasFlag(Restrictions.NoSurrogatesInAcls) ? "x:y" : "x:\U0001F600";

    private string Address() => palette.Restrictions.HasFlag(Restrictions.NoIpv6Acls)
        ? palette.Pick("127.0.0.1", "127.0.0.1", "127.0.0.0/8", "10.0.0.1", "0.0.0.0/0", "127.0.0.1/32")
        : palette.Pick("127.0.0.1", "127.0.0.1", "127.0.0.0/8", "10.0.0.1", "0.0.0.0/0", "127.0.0.1/32", "::1", "::/0", "fe80::1/64");

    private static Part[] Write((int Permissions, string? Scheme, string? Id)[] entries)
    {
        var parts = new List<Part> { new IntPart("acls", entries.Length) };
        foreach (var (permissions, scheme, id) in entries)
            parts.AddRange([new IntPart("perms", permissions), new TextPart("", scheme), new TextPart("", id)]);

        return [.. parts];
    }
}
