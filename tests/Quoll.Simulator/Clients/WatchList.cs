using Quoll.Protocol;

namespace Quoll.Simulator.Clients;

/// <summary>
/// What a client watches, as its library keeps it: one table for data and absence, another for children; an event uses up what it is for.
/// </summary>
internal sealed class WatchList
{
    private readonly Dictionary<string, WatchKind> _data = [];
    private readonly HashSet<string> _children = [];

    public bool IsEmpty => _data.Count + _children.Count == 0;

    public IEnumerable<(string Path, WatchKind Kind)> All =>
        _data.Select(watch => (watch.Key, watch.Value)).Concat(_children.Select(path => (path, WatchKind.Children)));

    /// <summary>A read that was to leave a watch has been answered: which it left, or null.</summary>
    public WatchKind? OnReply(Operation read)
    {
        if (KindOf(read) is not { } kind)
            return null;
        if (kind == WatchKind.Children)
            _children.Add(read.Path);
        else
            _data[read.Path] = kind;
        return kind;
    }

    /// <summary>False if nothing was watched that could give such an event.</summary>
    public bool OnEvent(EventType type, string path)
    {
        var used = type != EventType.NodeChildrenChanged && _data.Remove(path);
        if (type is EventType.NodeChildrenChanged or EventType.NodeDeleted)
            used |= _children.Remove(path);
        return used;
    }

    public void Clear()
    {
        _data.Clear();
        _children.Clear();
    }

    private static WatchKind? KindOf(Operation read) => (read.Op, read.Error) switch
    {
        (OpCode.GetData or OpCode.Exists, ErrorCode.Ok) => WatchKind.Data,
        (OpCode.Exists, ErrorCode.NoNode) => WatchKind.Absence,
        (OpCode.GetChildren2, ErrorCode.Ok) => WatchKind.Children,
        _ => null,
    };
}
