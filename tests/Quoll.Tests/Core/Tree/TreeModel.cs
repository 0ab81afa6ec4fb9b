using Quoll.Core;
using Quoll.Core.Tree;

namespace Quoll.Tests.Core.Tree;

/// <summary>A znode as a naive model keeps it.</summary>
internal sealed record ModelZnode(string? Data, int Version, int Aversion, int Creations, long Czxid, long Mzxid, long Pzxid, long Owner);

/// <summary>A tree as a naive model keeps it: a dictionary from paths to znodes.</summary>
internal sealed class TreeModel
{
    public SortedDictionary<string, ModelZnode> Znodes { get; } = new(StringComparer.Ordinal)
    {
        [""] = new ModelZnode("", 0, 0, 0, 0, 0, 0, 0),
        ["/zookeeper"] = new ModelZnode("", 0, 0, 0, 0, 0, 0, 0),
        ["/zookeeper/config"] = new ModelZnode("", 0, -1, 0, 0, 0, 0, 0),
        ["/zookeeper/quota"] = new ModelZnode("", 0, 0, 0, 0, 0, 0, 0),
    };

    public IEnumerable<string> ChildrenOf(string path) =>
        Znodes.Keys.Where(key => key.Length > path.Length + 1 && key.StartsWith(path + "/", StringComparison.Ordinal)
            && !key[(path.Length + 1)..].Contains('/'));

    public static string ParentOf(string path) => path[..path.LastIndexOf('/')];

    public bool CanCreate(string path) =>
        !Znodes.ContainsKey(path) && Znodes.TryGetValue(ParentOf(path), out var parent) && parent.Owner == 0;

    public bool CanDelete(string path) => Znodes.ContainsKey(path) && !ChildrenOf(path).Any();

    public void Create(string path, string? data, long owner, long zxid)
    {
        var parent = Znodes[ParentOf(path)];
        Znodes[ParentOf(path)] = parent with { Creations = parent.Creations + 1, Pzxid = zxid };
        Znodes[path] = new ModelZnode(data, 0, 0, 0, zxid, zxid, zxid, owner);
    }

    public void Delete(string path, long zxid)
    {
        Znodes.Remove(path);
        Znodes[ParentOf(path)] = Znodes[ParentOf(path)] with { Pzxid = zxid };
    }

    public void SetData(string path, string? data, long zxid) =>
        Znodes[path] = Znodes[path] with { Data = data, Version = Znodes[path].Version + 1, Mzxid = zxid };

    public void SetAcl(string path) => Znodes[path] = Znodes[path] with { Aversion = Znodes[path].Aversion + 1 };

    public void EndSession(long session, long zxid)
    {
        foreach (var path in Znodes.Where(pair => pair.Value.Owner == session).Select(pair => pair.Key).ToList())
            Delete(path, zxid);
    }

    /// <summary>The tree in the model's terms.</summary>
    public static SortedDictionary<string, ModelZnode> Of(RecoveredState state)
    {
        var tree = state.Database.Tree;
        var result = new SortedDictionary<string, ModelZnode>(StringComparer.Ordinal);
        for (var node = DataTree.Root; node != 0; node = tree.NextBelow(DataTree.Root, node))
        {
            var stat = tree.PersistedStatOf(node);
            var data = tree[node].DataLength < 0 ? null : System.Text.Encoding.UTF8.GetString(tree.DataOf(node));
            result[System.Text.Encoding.UTF8.GetString(tree.PathOf(node))] = new ModelZnode(
                data, stat.Version, stat.Aversion, stat.Cversion, stat.Czxid, stat.Mzxid, stat.Pzxid, stat.EphemeralOwner);
        }

        return result;
    }
}
