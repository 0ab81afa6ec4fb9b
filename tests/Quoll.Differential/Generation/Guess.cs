using System.Globalization;
using Quoll.Differential.Wire;

namespace Quoll.Differential.Generation;

/// <summary>
/// What the tree probably looks like after the ops generated so far, so that most of the next ones meet something.
/// Only a guess: it knows no ACLs, no failures inside a multi and no ends of sessions, and nothing is compared with it.
/// </summary>
internal sealed class Guess
{
    private readonly Dictionary<string, Node> _nodes = new(StringComparer.Ordinal) { ["~"] = new Node() };
    private readonly List<string> _paths = ["~"];

    public IReadOnlyList<string> Paths => _paths;

    /// <summary>Set while creates are generated that will probably come to nothing.</summary>
    public bool Doubtful { get; set; }

    /// <summary>The slot the next ops belong to.</summary>
    public int Slot { get; set; }

    public int Version(string? path) => path is not null && _nodes.TryGetValue(path, out var node) ? node.Version : 0;

    public int AclVersion(string? path) => path is not null && _nodes.TryGetValue(path, out var node) ? node.AclVersion : 0;

    public void Created(string? path, int type, int flags)
    {
        if (Doubtful)
            return;

        var slash = path?.LastIndexOf('/') ?? -1;
        if (slash < 0 || !_nodes.TryGetValue(path![..slash], out var parent) || parent.Ephemeral)
            return;

        var name = flags is 2 or 3 or 6 ? path + parent.Creates.ToString("D10", CultureInfo.InvariantCulture) : path;
        if (!_nodes.TryAdd(name, new Node { Ephemeral = flags is 1 or 3 && type is (Opcode.Create or Opcode.Create2), Slot = Slot }))
            return;

        _paths.Add(name);
        parent.Creates++;
    }

    public void Deleted(string? path, int version)
    {
        if (path is null or "~" || !_nodes.TryGetValue(path, out var node) || (version != -1 && version != node.Version))
            return;

        if (_paths.Exists(other => other.StartsWith(path + "/", StringComparison.Ordinal)))
            return;

        _nodes.Remove(path);
        _paths.Remove(path);
    }

    public void SessionClosed(int slot)
    {
        foreach (var path in _paths.Where(path => _nodes[path].Ephemeral && _nodes[path].Slot == slot).ToList())
            Deleted(path, -1);
    }

    public void DataSet(string? path, int version)
    {
        if (path is not null && _nodes.TryGetValue(path, out var node) && (version == -1 || version == node.Version))
            node.Version++;
    }

    public void AclSet(string? path, int version)
    {
        if (path is not null && _nodes.TryGetValue(path, out var node) && (version == -1 || version == node.AclVersion))
            node.AclVersion++;
    }

    private sealed class Node
    {
        public int Version { get; set; }

        public int AclVersion { get; set; }

        public int Creates { get; set; }

        public bool Ephemeral { get; init; }

        public int Slot { get; init; }
    }
}
