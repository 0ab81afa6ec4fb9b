using System.Buffers;
using System.Text;
using Quoll.Protocol;
using Quoll.Protocol.Jute;
using Quoll.Protocol.Records;

namespace Quoll.Client;

/// <summary>What one identity may do with a znode.</summary>
/// <param name="Permissions">What is allowed.</param>
/// <param name="Scheme">The kind of identity: <c>world</c>, <c>auth</c>, <c>digest</c>, <c>ip</c>, <c>x509</c>, <c>sasl</c>.</param>
/// <param name="Id">The identity within the scheme, such as <c>anyone</c>, or <c>user:</c> and a digest.</param>
public readonly record struct AclEntry(Permissions Permissions, string Scheme, string Id)
{
    /// <summary>Everybody may do everything: what a znode gets that is created without an ACL.</summary>
    public static IReadOnlyList<AclEntry> Open { get; } = [new(Permissions.All, "world", "anyone")];

    /// <summary>Everybody may read, nobody may change.</summary>
    public static IReadOnlyList<AclEntry> ReadOnly { get; } = [new(Permissions.Read, "world", "anyone")];

    /// <summary>Whoever creates the znode may do everything, by each identity that his connection has proved; nobody else.</summary>
    public static IReadOnlyList<AclEntry> Creator { get; } = [new(Permissions.All, "auth", "")];

    internal static byte[] EncodedOpen { get; } = Encode(Open);

    /// <summary>The entries' encodings, one after the other.</summary>
    internal static byte[] Encode(IReadOnlyList<AclEntry> entries)
    {
        var output = new ArrayBufferWriter<byte>();
        var writer = new JuteWriter(output);
        foreach (var entry in entries)
        {
            var id = new Id(Encoding.UTF8.GetBytes(entry.Scheme), Encoding.UTF8.GetBytes(entry.Id));
            writer.Write(new Acl((int)entry.Permissions, id));
        }

        writer.Commit();
        return output.WrittenSpan.ToArray();
    }

    internal static AclEntry[] Decode(JuteVector<Acl> entries)
    {
        var decoded = new AclEntry[entries.Count];
        var at = 0;
        foreach (var entry in entries)
            decoded[at++] = new((Permissions)entry.Perms, entry.Id.Scheme.ToString(), entry.Id.Name.ToString());
        return decoded;
    }
}
