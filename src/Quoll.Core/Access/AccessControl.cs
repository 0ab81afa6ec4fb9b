using System.Security.Cryptography;
using System.Text;
using Quoll.Core.Tree;
using Quoll.Protocol;
using Quoll.Protocol.Jute;

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
    /// The list as it is to be stored: without duplicates, <c>auth</c> replaced by who the caller is. Some nulls are marshalling
    /// errors and some invalid lists, as Apache's server happens to come upon them.
    /// </summary>
    public ErrorCode Fixup(AclEntry[] entries, Identity[] identities, out AclEntry[] result)
    {
        result = [];
        if (!TryRemoveDuplicates(entries, out var unique))
            return ErrorCode.MarshallingError;
        var fixedUp = new List<AclEntry>();
        foreach (var entry in unique)
        {
            var error = Add(entry, identities, fixedUp);
            if (error != ErrorCode.Ok)
                return error;
        }

        result = [.. fixedUp];
        return result.Length == 0 ? ErrorCode.InvalidAcl : ErrorCode.Ok;
    }

    /// <summary>
    /// The identities of a connection after it authenticated; null if that failed. Digest always succeeds: a wrong password is only
    /// another identity.
    /// </summary>
    public Identity[]? Authenticate(string scheme, JuteBytes auth, Identity[] identities)
    {
        if (!IsKnown(scheme))
            return null;
        if (scheme == Ip)
            return identities;
        if (auth.IsNull || identities.Length > options.MaxIdentities)
            return null;
        var name = DigestOf(auth.ToString());
        var added = new List<Identity>(identities);
        if (name == options.SuperDigest)
            added.Add(new Identity(Super, ""));
        added.Add(new Identity(Digest, name));
        return [.. added.Distinct()];
    }

    /// <summary>The list as a caller without ADMIN sees it: no hashes of passwords.</summary>
    public static AclEntry[] Redact(AclEntry[] entries) =>
        [.. entries.Select(entry => entry is { Scheme: Digest, Name: { } name } && name.Contains(':', StringComparison.Ordinal)
            ? entry with { Name = name[..name.IndexOf(':', StringComparison.Ordinal)] + ":x" }
            : entry)];

    /// <summary>The name that <c>whoAmI</c> tells of an identity: never a hash.</summary>
    public static string UserOf(Identity identity) => identity.Scheme switch
    {
        Digest => identity.Name.Split(':')[0],
        Ip => identity.Name,
        _ => "",
    };

    private ErrorCode Add(AclEntry entry, Identity[] identities, List<AclEntry> result)
    {
        switch (entry)
        {
            case { Scheme: null }:
                return ErrorCode.InvalidAcl;
            case { Scheme: "world" or Digest or Ip, Name: null } when entry.Scheme == "world" || IsKnown(entry.Scheme):
                return ErrorCode.MarshallingError;
            case { Scheme: "world", Name: "anyone" }:
                result.Add(entry);
                return ErrorCode.Ok;
            case { Scheme: "auth" }:
                var mine = identities.Where(identity => identity.Scheme == Digest && IsKnown(Digest)).ToList();
                result.AddRange(mine.Select(identity => new AclEntry(entry.Permissions, identity.Scheme, identity.Name)));
                return mine.Count > 0 ? ErrorCode.Ok : ErrorCode.InvalidAcl;
            case { Scheme: Ip } when IpAddressText.IsValid(entry.Name!):
            case { Scheme: Digest } when IsKnown(Digest) && IsDigest(entry.Name!):
                result.Add(entry);
                return ErrorCode.Ok;
            default:
                return ErrorCode.InvalidAcl;
        }
    }

    // False where Java's comparison of two entries meets a null: one in the scheme as soon as permissions are alike, and one in the
    // name as soon as the schemes are too.
    private static bool TryRemoveDuplicates(AclEntry[] entries, out List<AclEntry> unique)
    {
        unique = [];
        var seen = new HashSet<AclEntry>();
        var permissions = new HashSet<Permissions>();
        var schemes = new HashSet<(Permissions, string?)>();
        foreach (var entry in entries)
        {
            if (entry.Scheme is null && permissions.Contains(entry.Permissions))
                return false;
            if (entry.Name is null && schemes.Contains((entry.Permissions, entry.Scheme)))
                return false;
            if (!seen.Add(entry))
                continue;
            unique.Add(entry);
            permissions.Add(entry.Permissions);
            schemes.Add((entry.Permissions, entry.Scheme));
        }

        return true;
    }

    private bool MatchesAny(AclEntry entry, Identity[] identities)
    {
        if (!IsKnown(entry.Scheme!))
            return false;
        foreach (var identity in identities)
        {
            if (identity.Scheme == entry.Scheme
                && (entry.Scheme == Ip ? IpAddressText.Matches(identity.Name, entry.Name!) : identity.Name == entry.Name))
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

    private static HashAlgorithmName AlgorithmNamed(string name) =>
        name.Replace("-", "", StringComparison.Ordinal).ToUpperInvariant() switch
        {
            "SHA256" => HashAlgorithmName.SHA256,
            "SHA384" => HashAlgorithmName.SHA384,
            "SHA512" => HashAlgorithmName.SHA512,
            "MD5" => HashAlgorithmName.MD5,
            _ => HashAlgorithmName.SHA1,
        };
}
