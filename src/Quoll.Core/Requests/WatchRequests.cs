using Quoll.Core.Tree;
using Quoll.Core.Watches;
using Quoll.Protocol;
using Quoll.Protocol.Jute;
using Quoll.Protocol.Records;

namespace Quoll.Core.Requests;

/// <summary>
/// The requests that are about watches alone. They need no permission, and no znode at the path: what is watched is the text that a
/// server in Java makes of the path's bytes.
/// </summary>
internal sealed class WatchRequests(Database database, WatchManager watches)
{
    private const int ModePersistent = 0;
    private const int ModePersistentRecursive = 1;

    public ErrorCode Add(in Read read, ref JuteReader reader)
    {
        var request = AddWatchRequest.Read(ref reader);
        if (reader.Malformed || request.Mode is not (ModePersistent or ModePersistentRecursive))
            return ErrorCode.MarshallingError;
        AddPersistent(request.Path.AsEchoed().Span, read.Client, request.Mode == ModePersistentRecursive);
        return ErrorCode.Ok;
    }

    /// <summary>Arms a client's watches again after a reconnect, and tells at once what they missed.</summary>
    public ErrorCode Set(in Read read, ref JuteReader reader)
    {
        var request = read.Op == OpCode.SetWatches2 ? SetWatches2Request.Read(ref reader) : WithoutPersistent(ref reader);
        if (reader.Malformed)
            return ErrorCode.MarshallingError;

        // A null is an error when it is come to; what stood before it holds.
        var whole = SetData(request, read.Client) && SetExist(request, read.Client) && SetChild(request, read.Client)
            && SetPersistent(request.Persistent, read.Client, recursive: false)
            && SetPersistent(request.PersistentRecursive, read.Client, recursive: true);
        return whole ? ErrorCode.Ok : ErrorCode.MarshallingError;
    }

    public ErrorCode CheckOrRemove(in Read read, ref JuteReader reader)
    {
        var request = WatchesRequest.Read(ref reader);
        if (reader.Malformed || request.Type is < (int)WatcherType.Children or > (int)WatcherType.PersistentRecursive)
            return ErrorCode.MarshallingError;
        var path = request.Path.AsEchoed().Span;
        var found = read.Op == OpCode.CheckWatches
            ? Contains(path, (WatcherType)request.Type, read.Client)
            : Remove(path, (WatcherType)request.Type, read.Client);
        return found ? ErrorCode.Ok : ErrorCode.NoWatcher;
    }

    private bool SetData(SetWatches2Request request, Client client)
    {
        var tree = database.Tree;
        foreach (var path in request.Data)
        {
            if (path.IsNull)
                return false;
            var node = tree.Find(path.Span);
            if (node == 0)
                watches.SendMissed(client, EventType.NodeDeleted, path);
            else if (tree[node].Mzxid > request.RelativeZxid)
                watches.SendMissed(client, EventType.NodeDataChanged, path);
            else
                watches.Data.Add(path.Span, client, WatchModes.Standard);
        }

        return !request.Data.IsNull;
    }

    private bool SetExist(SetWatches2Request request, Client client)
    {
        foreach (var path in request.Exist)
        {
            if (path.IsNull)
                return false;
            if (database.Tree.Find(path.Span) != 0)
                watches.SendMissed(client, EventType.NodeCreated, path);
            else
                watches.Data.Add(path.AsEchoed().Span, client, WatchModes.Standard);
        }

        return !request.Exist.IsNull;
    }

    private bool SetChild(SetWatches2Request request, Client client)
    {
        var tree = database.Tree;
        foreach (var path in request.Child)
        {
            if (path.IsNull)
                return false;
            var node = tree.Find(path.Span);
            if (node == 0)
                watches.SendMissed(client, EventType.NodeDeleted, path);
            else if (tree.PersistedStatOf(node).Pzxid > request.RelativeZxid)
                watches.SendMissed(client, EventType.NodeChildrenChanged, path);
            else
                watches.Children.Add(path.Span, client, WatchModes.Standard);
        }

        return !request.Child.IsNull;
    }

    private bool SetPersistent(JuteVector<JuteBytes> paths, Client client, bool recursive)
    {
        foreach (var path in paths)
            AddPersistent(path.AsEchoed().Span, client, recursive);
        return !paths.IsNull;
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
