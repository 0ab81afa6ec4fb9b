using Quoll.Core.Tree;
using Quoll.Core.Watches;
using Quoll.Protocol;
using Quoll.Protocol.Jute;
using Quoll.Protocol.Records;

namespace Quoll.Core.Requests;

/// <summary>The requests that are about watches alone. They need no permission, and no znode at the path.</summary>
internal sealed class WatchRequests(Database database, WatchManager watches)
{
    private const int ModePersistent = 0;
    private const int ModePersistentRecursive = 1;

    public ErrorCode Add(in Read read, ref JuteReader reader)
    {
        var request = AddWatchRequest.Read(ref reader);
        if (reader.Malformed || request.Path.IsNull || request.Mode is not (ModePersistent or ModePersistentRecursive))
            return ErrorCode.MarshallingError;
        AddPersistent(request.Path.Span, read.Client, request.Mode == ModePersistentRecursive);
        return ErrorCode.Ok;
    }

    /// <summary>Arms a client's watches again after a reconnect, and tells at once what they missed.</summary>
    public ErrorCode Set(in Read read, ref JuteReader reader)
    {
        var request = read.Op == OpCode.SetWatches2 ? SetWatches2Request.Read(ref reader) : WithoutPersistent(ref reader);
        if (reader.Malformed || request.Data.IsNull || request.Exist.IsNull || request.Child.IsNull
            || request.Persistent.IsNull || request.PersistentRecursive.IsNull)
            return ErrorCode.MarshallingError;
        var tree = database.Tree;
        foreach (var path in request.Data)
        {
            var node = tree.Find(path.Span);
            if (node == 0)
                watches.SendMissed(read.Client, EventType.NodeDeleted, path.Span);
            else if (tree[node].Mzxid > request.RelativeZxid)
                watches.SendMissed(read.Client, EventType.NodeDataChanged, path.Span);
            else
                watches.Data.Add(path.Span, read.Client, WatchModes.Standard);
        }

        foreach (var path in request.Exist)
        {
            if (tree.Find(path.Span) != 0)
                watches.SendMissed(read.Client, EventType.NodeCreated, path.Span);
            else
                watches.Data.Add(path.Span, read.Client, WatchModes.Standard);
        }

        foreach (var path in request.Child)
        {
            var node = tree.Find(path.Span);
            if (node == 0)
                watches.SendMissed(read.Client, EventType.NodeDeleted, path.Span);
            else if (tree.PersistedStatOf(node).Pzxid > request.RelativeZxid)
                watches.SendMissed(read.Client, EventType.NodeChildrenChanged, path.Span);
            else
                watches.Children.Add(path.Span, read.Client, WatchModes.Standard);
        }

        foreach (var path in request.Persistent)
            AddPersistent(path.Span, read.Client, recursive: false);
        foreach (var path in request.PersistentRecursive)
            AddPersistent(path.Span, read.Client, recursive: true);
        return ErrorCode.Ok;
    }

    public ErrorCode CheckOrRemove(in Read read, ref JuteReader reader)
    {
        var request = WatchesRequest.Read(ref reader);
        if (reader.Malformed || request.Type is < (int)WatcherType.Children or > (int)WatcherType.PersistentRecursive)
            return ErrorCode.MarshallingError;
        var found = read.Op == OpCode.CheckWatches
            ? Contains(request.Path.Span, (WatcherType)request.Type, read.Client)
            : Remove(request.Path.Span, (WatcherType)request.Type, read.Client);
        return found ? ErrorCode.Ok : ErrorCode.NoWatcher;
    }

    private bool Contains(ReadOnlySpan<byte> path, WatcherType type, Client client) => type switch
    {
        WatcherType.Children => watches.Children.Contains(path, client, WatchModes.Standard),
        WatcherType.Data => watches.Data.Contains(path, client, WatchModes.Standard),
        WatcherType.Persistent => watches.Data.Contains(path, client, WatchModes.Persistent),
        WatcherType.PersistentRecursive => watches.Data.Contains(path, client, WatchModes.PersistentRecursive),
        _ => watches.Children.Contains(path, client) || watches.Data.Contains(path, client),
    };

    private bool Remove(ReadOnlySpan<byte> path, WatcherType type, Client client) => type switch
    {
        WatcherType.Children => watches.Children.Remove(path, client, WatchModes.Standard),
        WatcherType.Data => watches.Data.Remove(path, client, WatchModes.Standard),
        WatcherType.Persistent => watches.Children.Remove(path, client, WatchModes.Persistent)
            | watches.Data.Remove(path, client, WatchModes.Persistent),
        WatcherType.PersistentRecursive => watches.Data.Remove(path, client, WatchModes.PersistentRecursive),
        _ => watches.Children.Remove(path, client) | watches.Data.Remove(path, client),
    };

    private void AddPersistent(ReadOnlySpan<byte> path, Client client, bool recursive)
    {
        watches.Data.Add(path, client, recursive ? WatchModes.PersistentRecursive : WatchModes.Persistent);
        if (!recursive)
            watches.Children.Add(path, client, WatchModes.Persistent);
    }

    private static SetWatches2Request WithoutPersistent(scoped ref JuteReader reader)
    {
        var request = SetWatchesRequest.Read(ref reader);
        var none = new JuteVector<JuteBytes>(0, default);
        return new SetWatches2Request(request.RelativeZxid, request.Data, request.Exist, request.Child, none, none);
    }
}
