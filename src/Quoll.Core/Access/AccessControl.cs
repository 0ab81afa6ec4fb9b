using System.Security.Cryptography;
using System.Text;
using Quoll.Core.Tree;
using Quoll.Protocol;

namespace Quoll.Core.Access;

/// <summary>Who a connection is, in one scheme.</summary>
internal sealed record Identity(string Scheme, string Name);

/// <summary>The schemes world, auth, digest, ip and super: who may do what, and which lists may be set.</summary>
internal sealed class AccessControl(PeerOptions options)
{
    private const string Digest = "digest";
    private const string Ip = "ip";
    private const string Super = "super";

    /// <summary>True if one of the identities has one of the wanted permissions.</summary>
    public bool Allows(AclList acl, Permissions wanted, Identity[] identities)
    {
        if (options.SkipAcl || acl.Entries.Length == 0)
            return true;
        foreach (var entry in acl.Entries)
        {
            if ((entry.Permissions & wanted) != 0 && entry is { Scheme: "world", Name: "anyone" })
                return true;
        }

        foreach (var identity in identities)
        {
            if (identity.Scheme == Super)
                return true;
        }

        foreach (var entry in acl.Entries)
        {
            if ((entry.Permissions & wanted) != 0 && MatchesAny(entry, identities))
                return true;
        }

        return false;
    }

    /// <summary>
    /// The list as it is to be stored: without duplicates, <c>auth</c> replaced by who the caller is; null if it is not valid.
    /// </summary>
    public AclEntry[]? Fixup(AclEntry[] entries, Identity[] identities)
    {
        var result = new List<AclEntry>();
        foreach (var entry in entries.Distinct())
        {
            if (entry is { Scheme: "world", Name: "anyone" })
            {
                result.Add(entry);
            }
            else if (entry.Scheme == "auth")
            {
                var before = result.Count;
                foreach (var identity in identities)
                {
                    if (IsKnown(identity.Scheme) && identity.Scheme == Digest)
                        result.Add(new AclEntry(entry.Permissions, identity.Scheme, identity.Name));
                }

                if (result.Count == before)
                    return null;
            }
            else if (IsKnown(entry.Scheme) && (entry.Scheme == Ip ? IpAddressText.IsValid(entry.Name) : IsDigest(entry.Name)))
            {
                result.Add(entry);
            }
            else
            {
                return null;
            }
        }

        return result.Count == 0 ? null : [.. result];
    }

    /// <summary>
    /// The identities of a connection after it authenticated; null if that failed. Digest always succeeds: a wrong password is only
    /// another identity.
    /// </summary>
    public Identity[]? Authenticate(string scheme, ReadOnlySpan<byte> auth, Identity[] identities)
    {
        if (!IsKnown(scheme))
            return null;
        if (scheme == Ip)
            return identities;
        var name = DigestOf(Encoding.UTF8.GetString(auth));
        var added = new List<Identity>(identities);
        if (name == options.SuperDigest)
            added.Add(new Identity(Super, ""));
        added.Add(new Identity(Digest, name));
        return [.. added.Distinct()];
    }

    /// <summary>The list as a caller without ADMIN sees it: no hashes of passwords.</summary>
    public static AclEntry[] Redact(AclEntry[] entries) =>
        [.. entries.Select(entry => entry.Scheme == Digest && entry.Name.Contains(':', StringComparison.Ordinal)
            ? entry with { Name = entry.Name[..entry.Name.IndexOf(':', StringComparison.Ordinal)] + ":x" }
            : entry)];

    /// <summary>The name that <c>whoAmI</c> tells of an identity: never a hash.</summary>
    public static string UserOf(Identity identity) => identity.Scheme switch
    {
        Digest => identity.Name.Split(':')[0],
        Ip => identity.Name,
        _ => "",
    };

    private bool MatchesAny(AclEntry entry, Identity[] identities)
    {
        if (!IsKnown(entry.Scheme))
            return false;
        foreach (var identity in identities)
        {
            if (identity.Scheme == entry.Scheme
                && (entry.Scheme == Ip ? IpAddressText.Matches(identity.Name, entry.Name) : identity.Name == entry.Name))
                return true;
        }

        return false;
    }

    private bool IsKnown(string scheme) => scheme == Ip || (scheme == Digest && options.DigestAuthenticationEnabled);

    // As Java's String.split(":").length == 2: trailing empty parts do not count.
    private static bool IsDigest(string name) => name.TrimEnd(':').Split(':').Length == 2;

    private string DigestOf(string userAndPassword)
    {
        var bytes = Encoding.UTF8.GetBytes(userAndPassword);
        var hash = CryptographicOperations.HashData(AlgorithmNamed(options.DigestAlgorithm), bytes);
        return userAndPassword.Split(':', 2)[0] + ":" + Convert.ToBase64String(hash);
    }

    private static HashAlgorithmName AlgorithmNamed(string name) => name.Replace("-", "", StringComparison.Ordinal).ToUpperInvariant() switch
    {
        "SHA256" => HashAlgorithmName.SHA256,
        "SHA384" => HashAlgorithmName.SHA384,
        "SHA512" => HashAlgorithmName.SHA512,
        "MD5" => HashAlgorithmName.MD5,
        _ => HashAlgorithmName.SHA1,
    };
}
