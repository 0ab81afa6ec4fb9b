using Quoll.Core.Access;
using Quoll.Core.Requests;
using Quoll.Core.Tree;
using Quoll.Protocol;
using Quoll.Protocol.Jute;
using Quoll.Protocol.Records;

namespace Quoll.Core.Watches;

/// <summary>
/// The watches of all connections, in two tables: data (exists and getData) and children. A connection gets one event for a
/// change, however many of its watches match, and none for a znode that it may not read; a one-shot watch is used up all the same.
/// </summary>
internal sealed class WatchManager
{
    private const int SyncConnected = 3;
    private const long NoZxid = -1;
    private readonly ClientLane _lane;
    private readonly AclTable _acls;
    private readonly AccessControl _access;
    private readonly List<Client> _fired = [];
    private long _trigger;

    public WatchManager(PeerOptions options, Outbox outbox, ClientRegistry clients, AclTable acls, AccessControl access)
    {
        _lane = outbox.Clients;
        _acls = acls;
        _access = access;
        Data = new WatchTable(options.Seed, isData: true, clients.At);
        Children = new WatchTable(options.Seed, isData: false, clients.At);
    }

    public WatchTable Data { get; }

    public WatchTable Children { get; }

    /// <summary>Who may see what.</summary>
    public AccessControl Access => _access;

    public int Count => Data.WatchCount + Children.WatchCount;

    /// <summary>Events sent, by type.</summary>
    public Summary[] Fired { get; } = [.. Enumerable.Range(0, 5).Select(_ => new Summary())];

    public void RemoveAll(Client client)
    {
        Data.RemoveAll(client);
        Children.RemoveAll(client);
    }

    /// <summary>A znode was created, or its data changed.</summary>
    public void Trigger(ReadOnlySpan<byte> path, EventType type, long zxid, int acl)
    {
        if (Data.WatchCount == 0)
            return;
        _trigger++;
        CollectData(path);
        Send(type, path, zxid, acl);
    }

    /// <summary>A znode was deleted: who watches its data and its children gets one event.</summary>
    public void TriggerDeleted(ReadOnlySpan<byte> path, long zxid, int acl)
    {
        if (Count == 0)
            return;
        _trigger++;
        CollectData(path);
        Send(EventType.NodeDeleted, path, zxid, acl);
        Children.Fire(path, _fired);
        Send(EventType.NodeDeleted, path, zxid, acl);
    }

    /// <summary>A child was created or deleted under this path.</summary>
    public void TriggerChildren(ReadOnlySpan<byte> parentPath, long zxid, int acl)
    {
        if (Children.WatchCount == 0)
            return;
        _trigger++;
        var path = parentPath.IsEmpty ? "/"u8 : parentPath;
        Children.Fire(path, _fired);
        Send(EventType.NodeChildrenChanged, path, zxid, acl);
    }

    /// <summary>An event that a client missed while it was away. Such events carry no zxid and are not filtered.</summary>
    public void SendMissed(Client client, EventType type, JuteBytes path) =>
        _lane.Send(client, WriteEvent(type, path.AsEchoed().Span, NoZxid));

    private void CollectData(ReadOnlySpan<byte> path)
    {
        Data.Fire(path, _fired);
        if (Data.RecursiveCount == 0)
            return;
        while (path.Length > 1)
        {
            path = ZnodePath.Parent(path);
            var ancestor = path.IsEmpty ? "/"u8 : path;
            if (Data.HasRecursiveOfLength(ancestor.Length))
                Data.FireRecursive(ancestor, _fired);
        }
    }

    private void Send(EventType type, ReadOnlySpan<byte> path, long zxid, int acl)
    {
        var sent = 0;
        var frame = -1;
        foreach (var client in _fired)
        {
            if (client.LastTrigger == _trigger)
                continue;
            client.LastTrigger = _trigger;
            sent++;
            if (!_access.Allows(_acls[acl], Permissions.Read, client.Identities))
                continue;

            // The same bytes for all.
            if (frame < 0)
                frame = WriteEvent(type, path, zxid);
            _lane.Send(client, frame);
        }

        if (sent > 0)
            Fired[(int)type].Add(sent);
        _fired.Clear();
    }

    private int WriteEvent(EventType type, ReadOnlySpan<byte> path, long zxid)
    {
        var writer = _lane.BeginReply(ReservedXid.Notification, zxid, ErrorCode.Ok);
        writer.Write(new WatcherEvent((int)type, SyncConnected, path));
        return _lane.EndFrame(ref writer);
    }
}
