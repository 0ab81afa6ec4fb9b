using Quoll.Protocol;

namespace Quoll.Client;

/// <summary>How a znode is created. A <see cref="CreateMode"/> alone will do in its place.</summary>
public readonly record struct CreateOptions
{
    /// <summary>The kind of znode; persistent if nothing is said.</summary>
    public CreateMode Mode { get; init; }

    /// <summary>Who may do what with it; <see cref="AclEntry.Open"/> if nothing is said.</summary>
    public IReadOnlyList<AclEntry>? Acl { get; init; }

    /// <summary>
    /// For the two TTL modes only: how long the znode may stay without children and without a change before the server deletes it; at
    /// least a millisecond, at most 2^40 of them. The server must have <c>zookeeper.extendedTypesEnabled</c>.
    /// </summary>
    public TimeSpan Ttl { get; init; }

    /// <summary>No data at all is kept, instead of empty data, as Java's clients have it who create with null. The data that is passed
    /// is not sent then.</summary>
    public bool IsDataNull { get; init; }

    public static implicit operator CreateOptions(CreateMode mode) => new() { Mode = mode };

    /// <summary>The same as the conversion, for languages without it.</summary>
    public static CreateOptions FromCreateMode(CreateMode mode) => mode;

    internal bool IsSequential =>
        Mode is CreateMode.PersistentSequential or CreateMode.EphemeralSequential or CreateMode.PersistentSequentialTtl;

    internal bool HasTtl => Mode is CreateMode.PersistentTtl or CreateMode.PersistentSequentialTtl;

    internal OpCode OpCode => Mode switch
    {
        CreateMode.Container => OpCode.CreateContainer,
        CreateMode.PersistentTtl or CreateMode.PersistentSequentialTtl => OpCode.CreateTtl,
        _ => OpCode.Create2,
    };

    internal void Validate()
    {
        if (!Enum.IsDefined(Mode))
            throw new ArgumentException($"{Mode} is no kind of znode.");
        if (Acl is { Count: 0 })
            throw new ArgumentException("An ACL without entries would shut everybody out; the server refuses it.");
        if (!HasTtl && Ttl != default)
            throw new ArgumentException($"A znode of the kind {Mode} has no TTL.");
        if (HasTtl && (Ttl < TimeSpan.FromMilliseconds(1) || Ttl.TotalMilliseconds >= 1L << 40))
            throw new ArgumentException($"A TTL lies between a millisecond and 2^40 milliseconds, but {Ttl} was given.");
    }
}
