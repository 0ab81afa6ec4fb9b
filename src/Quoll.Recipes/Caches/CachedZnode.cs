using System.Collections.Immutable;
using Quoll.Client;
using Quoll.Protocol.Records;
using Quoll.Recipes.Watching;

namespace Quoll.Recipes;

/// <summary>A znode in a <see cref="TreeCache"/>, with those below it, as they were at one time. It never changes.</summary>
public sealed class CachedZnode
{
    internal static readonly ImmutableSortedDictionary<string, CachedZnode> NoChildren =
        ImmutableSortedDictionary.Create<string, CachedZnode>(StringComparer.Ordinal);

    private readonly byte[] _data;

    internal CachedZnode(string path, Znode znode, ImmutableSortedDictionary<string, CachedZnode> children)
        : this(path, znode.Data, znode.Stat, children)
    {
    }

    private CachedZnode(string path, byte[] data, Stat stat, ImmutableSortedDictionary<string, CachedZnode> children) =>
        (Path, _data, Stat, Children) = (path, data, stat, children);

    /// <summary>Its path.</summary>
    public string Path { get; }

    /// <summary>The last part of its path.</summary>
    public string Name => ZnodePaths.NameOf(Path);

    /// <summary>Its data.</summary>
    public ReadOnlyMemory<byte> Data => _data;

    /// <summary>Its stat when its data was read. What is about its children there (<see cref="Stat.Cversion"/>,
    /// <see cref="Stat.Pzxid"/>, <see cref="Stat.NumChildren"/>) may be older than <see cref="Children"/>.</summary>
    public Stat Stat { get; }

    /// <summary>Those directly below it that are in the cache, by their names, in their order.</summary>
    public ImmutableSortedDictionary<string, CachedZnode> Children { get; }

    /// <summary>Whether two are the same znode, with the same data.</summary>
    internal bool IsSameAs(CachedZnode other) => Stat.Czxid == other.Stat.Czxid && Stat.Mzxid == other.Stat.Mzxid;

    internal CachedZnode With(Znode znode) => new(Path, znode, Children);

    internal CachedZnode With(ImmutableSortedDictionary<string, CachedZnode> children) => new(Path, _data, Stat, children);
}
