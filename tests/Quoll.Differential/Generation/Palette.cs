using System.Security.Cryptography;
using System.Text;
using Quoll.Differential.Comparing;

namespace Quoll.Differential.Generation;

internal enum WatchMode
{
    OneShot,
    Persistent,
    Recursive,
    Any,
}

/// <summary>What one sequence draws its arguments from. Small on purpose: ops must meet on the same nodes.</summary>
internal sealed class Palette
{
    private static readonly string[] Ordinary =
        ["~", "~/a", "~/a", "~/b", "~/c", "~/a/b", "~/a/b", "~/a/c", "~/b/c", "~/a/b/d", "~/a/b/c", "~/b/a"];

    private static readonly string[] Sequential =
    [
        "~/a0000000000", "~/a0000000001", "~/a0000000002", "~/0000000001", "~/a/0000000000", "~/a/b0000000000", "~/a/b0000000001",
        "~/b0000000003",
    ];

    private static readonly string?[] Weird =
    [
        "", "/", "a", "a/b", "~/", "~//a", "~/a/", "~/a//b", "~/.", "~/..", "~/./a", "~/a/../b", "~/.a", "~/...", "~/a/.",
        "//", "//a", "///", "~x", "~/\0", "~/a\0b", "\0", "~/\u0001", "~/\u001f", "~/\u007f", "~/\u0080", "~/\u009f", "~/\u00a0", "~/ ",
        "~/a b", "~/\t",
        "~/\u00e9", "~/\u6f22", "~/\ud7ff", "~/\ue000", "~/\uf8ff", "~/\uf900", "~/\uffef", "~/\ufff0", "~/\ufffd", "~/\uffff",
        "~/\U0001F600", "~/a\udcff", "~/\udcc0\udc80", "~/\udced\udca0\udcbd\udced\udcb8\udc80", "~/%s%n", "~/\"quote\"", "~/back\\slash",
        null, null, new string('x', 40), "~/" + new string('n', 400),
    ];

    private static readonly string[] System =
    [
        "/", "/", "", "/zookeeper", "/zookeeper", "/zookeeper/", "/zookeeper/quota", "/zookeeper/config", "/zookeeper/x",
        "/zookeeper/none/x", "/zookeeper/quota/x", "/zookeeper/config/x", "/zookeeper/quota~",
    ];

    /// <summary>Users whom a session may become; the last password has colons, which belong to it.</summary>
    public static readonly string[] Credentials = ["alice:one", "bob:two", "carol:a:b"];

    private readonly Random _random;

    public Palette(Random random, Restrictions restrictions)
    {
        _random = random;
        Restrictions = restrictions;
        Slots = random.Next(1, 5);
        var apart = restrictions.HasFlag(Restrictions.WatchesApartFromAcls);
        Acls = random.Next(2) == 0;
        Watches = apart ? !Acls : random.Next(5) != 0;
        Quotas = random.Next(4) == 0;
        for (var slot = 0; slot < Modes.Length; slot++)
            Modes[slot] = restrictions.HasFlag(Restrictions.OneWatchModePerSlot) ? (WatchMode)random.Next(3) : WatchMode.Any;
    }

    public Restrictions Restrictions { get; }

    public Guess Guess { get; } = new();

    /// <summary>Whether the next request is meant to succeed; without such ones little is there to fail interestingly.</summary>
    public bool Careful { get; set; }

    public int Slots { get; }

    /// <summary>Whether nodes may be made unreadable.</summary>
    public bool Acls { get; }

    public bool Watches { get; }

    /// <summary>Whether quotas are set on nodes.</summary>
    public bool Quotas { get; }

    public WatchMode[] Modes { get; } = new WatchMode[4];

    public bool Chance(int percent) => _random.Next(100) < percent;

    public int Next(int end) => _random.Next(end);

    public T Pick<T>(params ReadOnlySpan<T> from) => from[_random.Next(from.Length)];

    /// <summary>A path for a request; system paths do no lasting harm, as they are put back.</summary>
    public string? Path() => Careful ? Plain() : _random.Next(100) switch
    {
        < 77 => Plain(),
        < 86 => Pick<string>(Ordinary),
        < 87 => Pick<string>(Sequential),
        < 95 => Pick<string?>(Weird),
        _ => Pick<string>(System),
    };

    /// <summary>A path for a new node, mostly one whose parent is there.</summary>
    public string? NewPath() => _random.Next(100) switch
    {
        < 75 => Plain() + Pick("/a", "/b", "/c", "/d"),
        < 79 => Plain() + "/",
        _ when Careful => "~/" + (char)('a' + _random.Next(8)),
        _ => Path(),
    };

    /// <summary>A path at which there is probably a node.</summary>
    public string Plain() => Guess.Paths[_random.Next(Guess.Paths.Count)];

    public byte[]? Data() => _random.Next(10) switch
    {
        0 => null,
        1 => [],
        2 => Bytes(_random.Next(2000)),
        _ => Encoding.ASCII.GetBytes("d" + _random.Next(10)),
    };

    public byte[] Bytes(int count)
    {
        var bytes = new byte[count];
        _random.NextBytes(bytes);
        return bytes;
    }

    public int Version(int likely) => Careful ? Pick(-1, likely) : _random.Next(20) switch
    {
        < 8 => -1,
        < 15 => likely,
        < 18 => likely + Pick(1, -1),
        < 19 => Pick(0, 1, 7, 1000),
        _ => Pick(-2, int.MinValue, int.MaxValue),
    };

    public byte Watch(int slot)
    {
        if (!Watches || Modes[slot] is WatchMode.Persistent or WatchMode.Recursive)
            return 0;

        return Chance(55) ? Pick<byte>(1, 1, 1, 2, 255) : (byte)0;
    }

    /// <summary>The id of a digest user: the name, and the hash of name and password.</summary>
    public static string DigestId(string credentials)
    {
#pragma warning disable CA5350 // The protocol's scheme "digest" is SHA-1.
        var hash = SHA1.HashData(Encoding.UTF8.GetBytes(credentials));
#pragma warning restore CA5350
        return credentials[..credentials.IndexOf(':', StringComparison.Ordinal)] + ":" + Convert.ToBase64String(hash);
    }
}
