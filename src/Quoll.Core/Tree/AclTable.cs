using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using Quoll.Protocol;
using Quoll.Protocol.Jute;
using Quoll.Protocol.Records;

namespace Quoll.Core.Tree;

/// <summary>One entry of an access control list. Only a request may have nulls in it.</summary>
internal sealed record AclEntry(Permissions Permissions, string? Scheme, string? Name);

/// <summary>An access control list: as entries to decide with, and encoded as it goes to clients and disks.</summary>
internal sealed class AclList(AclEntry[] entries)
{
    public AclEntry[] Entries { get; } = entries;

    public byte[] Encoded { get; } = Encode(entries);

    public JuteVector<Acl> Vector => new(Entries.Length, Encoded);

    public int References { get; set; }

    public static AclEntry[] Decode(JuteVector<Acl> vector)
    {
        var entries = new List<AclEntry>();
        foreach (var acl in vector)
            entries.Add(new AclEntry((Permissions)acl.Perms, TextOf(acl.Id.Scheme), TextOf(acl.Id.Name)));
        return [.. entries];
    }

    private static string? TextOf(JuteBytes bytes) => bytes.IsNull ? null : bytes.ToString();

    private static byte[] Encode(AclEntry[] entries)
    {
        var bytes = new ArrayBufferWriter<byte>();
        var writer = new JuteWriter(bytes);
        foreach (var entry in entries)
        {
            writer.WriteInt((int)entry.Permissions);
            JavaText.Write(ref writer, entry.Scheme);
            JavaText.Write(ref writer, entry.Name);
        }

        writer.Commit();
        return bytes.WrittenSpan.ToArray();
    }
}

/// <summary>
/// The access control lists in use, each held once and counted. Znodes keep a number; 0 is the list that nearly all of them have,
/// world:anyone with every permission, which snapshots write as key -1.
/// </summary>
internal sealed class AclTable
{
    public const int OpenToAll = 0;
    private readonly List<AclList?> _lists = [new([new AclEntry(Permissions.All, "world", "anyone")])];
    private readonly Dictionary<byte[], int> _byBytes;
    private readonly Dictionary<byte[], int>.AlternateLookup<ReadOnlySpan<byte>> _lookup;
    private readonly Stack<int> _free = new();

    public AclTable(ulong seed)
    {
        _byBytes = new Dictionary<byte[], int>(new BytesComparer(seed)) { [_lists[OpenToAll]!.Encoded] = OpenToAll };
        _lookup = _byBytes.GetAlternateLookup<ReadOnlySpan<byte>>();
    }

    public AclList this[int id] => _lists[id]!;

    /// <summary>The number of a list given by its encoding; it is new if need be. The caller then takes a reference.</summary>
    public int Intern(JuteVector<Acl> vector) =>
        _lookup.TryGetValue(vector.Encoded, out var id) ? id : Intern(AclList.Decode(vector));

    /// <summary>True if the list is in the table already, encoded just so.</summary>
    public bool TryFind(ReadOnlySpan<byte> encoded, out int id) => _lookup.TryGetValue(encoded, out id);

    public int Intern(AclEntry[] entries)
    {
        var list = new AclList(entries);
        if (_byBytes.TryGetValue(list.Encoded, out var id))
            return id;
        if (_free.TryPop(out id))
        {
            _lists[id] = list;
        }
        else
        {
            id = _lists.Count;
            _lists.Add(list);
        }

        _byBytes.Add(list.Encoded, id);
        return id;
    }

    public void AddReference(int id)
    {
        if (id != OpenToAll)
            _lists[id]!.References++;
    }

    /// <summary>Drops a reference; a list that nobody refers to is forgotten.</summary>
    public void Release(int id)
    {
        if (id == OpenToAll || --_lists[id]!.References > 0)
            return;
        _byBytes.Remove(_lists[id]!.Encoded);
        _lists[id] = null;
        _free.Push(id);
    }

    /// <summary>The lists in use but for the open one, with their keys in a snapshot.</summary>
    public IEnumerable<(long Key, AclList List)> All()
    {
        for (var id = 1; id < _lists.Count; id++)
        {
            if (_lists[id] is { } list)
                yield return (id, list);
        }
    }

    /// <summary>What a snapshot writes for a list's number.</summary>
    public static long KeyOf(int id) => id == OpenToAll ? -1 : id;
}

/// <summary>Byte strings as keys, to be looked up by a span.</summary>
internal sealed class BytesComparer(ulong seed) : IEqualityComparer<byte[]>, IAlternateEqualityComparer<ReadOnlySpan<byte>, byte[]>
{
    public bool Equals([AllowNull] byte[] x, [AllowNull] byte[] y) => x.AsSpan().SequenceEqual(y);

    public int GetHashCode([DisallowNull] byte[] obj) => GetHashCode(obj.AsSpan());

    public bool Equals(ReadOnlySpan<byte> alternate, byte[] other) => alternate.SequenceEqual(other);

    public int GetHashCode(ReadOnlySpan<byte> alternate) => (int)HashIndex.Hash(seed, 0, alternate);

    public byte[] Create(ReadOnlySpan<byte> alternate) => alternate.ToArray();
}
