using System.Buffers;
using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text;
using Quoll.Protocol;
using Quoll.Protocol.Jute;
using Quoll.Protocol.Records;

namespace Quoll.Client.Session;

/// <summary>
/// Who of this client watches what. The server knows one watch for a path and kind, however many there are here; when the last goes, it is
/// told. Paths are the server's.
/// </summary>
internal sealed class WatchTable(List<IThreadPoolWorkItem> woken)
{
    /// <summary>Bytes of paths in one packet of <c>setWatches</c>; a server takes a megabyte at most, and an old one breaks the
    /// connection at more.</summary>
    private const int MaxPacket = 128 * 1024;

    private const int SetWatchesXid = -8;
    private readonly Dictionary<string, List<Watch>> _data = [];
    private readonly Dictionary<string, List<Watch>> _exist = [];
    private readonly Dictionary<string, List<Watch>> _child = [];
    private readonly Dictionary<string, List<WatchSubscription>> _persistent = [];
    private readonly Dictionary<string, List<WatchSubscription>> _recursive = [];

    /// <summary>How many watches there are at servers for this client.</summary>
    public int Count => _data.Count + _exist.Count + _child.Count + _persistent.Count + _recursive.Count;

    /// <summary>A server has set a watch. Where the znode does not exist, it waits for its creation.</summary>
    public void Add(Watch watch, bool exists)
    {
        if (watch.IsOver)
            return;
        watch.Table = watch.IsOnChildren ? _child : exists ? _data : _exist;
        Add(watch.Table, watch.FullPath, watch);
    }

    public void Add(WatchSubscription subscription) => Add(TableOf(subscription), subscription.FullPath, subscription);

    /// <summary>A watch is not wanted any more; the kind for which the server should forget it too, if no other needs it.</summary>
    public WatcherType? Remove(Watch watch)
    {
        if (watch.IsOver)
            return null;
        var table = watch.Table;
        Fire(watch, new WatchEvent(WatchEventKind.Resync, watch.Path, -1, ResyncReason.Closed));
        if (table is null || !Remove(table, watch.FullPath, watch) || IsWatchedOtherwise(watch.FullPath, table == _child))
            return null;
        return table == _child ? WatcherType.Children : WatcherType.Data;
    }

    /// <summary>The kinds for which the server should forget a stream's path; none if others need it.</summary>
    public WatcherType? Remove(WatchSubscription subscription)
    {
        if (!Remove(TableOf(subscription), subscription.FullPath, subscription))
            return null;
        // Servers before 3.9 do not know the two kinds apart, and know no type for them: there all is removed, if it is all.
        return IsWatched(subscription.FullPath) ? null : WatcherType.Any;
    }

    public void Fire(EventType type, string path, long zxid)
    {
        var kind = (WatchEventKind)type;
        if (type != EventType.NodeChildrenChanged)
        {
            FireAll(_data, path, kind, zxid);
            FireAll(_exist, path, kind, zxid);
        }

        if (type is EventType.NodeChildrenChanged or EventType.NodeDeleted)
            FireAll(_child, path, kind, zxid);
        Offer(_persistent, path, kind, path, zxid);
        if (_recursive.Count > 0 && type != EventType.NodeChildrenChanged)
            OfferUpwards(path, kind, zxid);
    }

    /// <summary>The packets that set all watches at another server, which fires at once those that missed something since the
    /// zxid.</summary>
    public int WriteSetWatches(ArrayBufferWriter<byte> output, long zxid)
    {
        var packets = 0;
        var left = Paths().GetEnumerator();
        var more = left.MoveNext();
        while (more)
        {
            var counts = new int[5];
            var lists = new ArrayBufferWriter<byte>[5];
            for (var i = 0; i < lists.Length; i++)
                lists[i] = new ArrayBufferWriter<byte>();
            for (var size = 0; more && size < MaxPacket; more = left.MoveNext())
            {
                var (list, path) = left.Current;
                var writer = new JuteWriter(lists[list]);
                writer.WriteBytes(Encoding.UTF8.GetBytes(path));
                writer.Commit();
                counts[list]++;
                size += path.Length + 4;
            }

            Write(output, zxid, counts, lists);
            packets++;
        }

        return packets;
    }

    /// <summary>All streams must read anew.</summary>
    public void Resync(ResyncReason reason)
    {
        foreach (var subscription in _persistent.Values.Concat(_recursive.Values).SelectMany(list => list))
            Wake(subscription.Offer(new WatchEvent(WatchEventKind.Resync, subscription.Path, -1, reason)));
    }

    /// <summary>Single watches end; streams go on.</summary>
    public void EndSingles(ResyncReason reason)
    {
        foreach (var table in (Dictionary<string, List<Watch>>[])[_data, _exist, _child])
        {
            foreach (var watch in table.Values.SelectMany(list => list))
                Fire(watch, new WatchEvent(WatchEventKind.Resync, watch.Path, -1, reason));
            table.Clear();
        }
    }

    /// <summary>Streams end, after one last word.</summary>
    public void EndStreams()
    {
        foreach (var subscription in _persistent.Values.Concat(_recursive.Values).SelectMany(list => list))
            Wake(subscription.End());
        _persistent.Clear();
        _recursive.Clear();
    }

    private static void Write(
        ArrayBufferWriter<byte> output, long zxid, ReadOnlySpan<int> counts, ReadOnlySpan<ArrayBufferWriter<byte>> lists)
    {
        var start = output.WrittenCount;
        var hasStreams = counts[3] + counts[4] > 0;
        var writer = new JuteWriter(output);
        writer.WriteInt(0);
        writer.Write(new RequestHeader(SetWatchesXid, (int)(hasStreams ? OpCode.SetWatches2 : OpCode.SetWatches)));
        var data = new JuteVector<JuteBytes>(counts[0], lists[0].WrittenSpan);
        var exist = new JuteVector<JuteBytes>(counts[1], lists[1].WrittenSpan);
        var child = new JuteVector<JuteBytes>(counts[2], lists[2].WrittenSpan);
        if (hasStreams)
        {
            writer.Write(new SetWatches2Request(
                zxid, data, exist, child, new(counts[3], lists[3].WrittenSpan), new(counts[4], lists[4].WrittenSpan)));
        }
        else
        {
            writer.Write(new SetWatchesRequest(zxid, data, exist, child));
        }

        writer.Commit();
        var frame = MemoryMarshal.AsMemory(output.WrittenMemory)[start..];
        BinaryPrimitives.WriteInt32BigEndian(frame.Span, frame.Length - 4);
    }

    private IEnumerable<(int List, string Path)> Paths() =>
        _data.Keys.Select(path => (0, path))
            .Concat(_exist.Keys.Select(path => (1, path)))
            .Concat(_child.Keys.Select(path => (2, path)))
            .Concat(_persistent.Keys.Select(path => (3, path)))
            .Concat(_recursive.Keys.Select(path => (4, path)));

    private void FireAll(Dictionary<string, List<Watch>> table, string path, WatchEventKind kind, long zxid)
    {
        if (!table.Remove(path, out var watches))
            return;
        foreach (var watch in watches)
            Fire(watch, new WatchEvent(kind, watch.Path, zxid, ResyncReason.None));
    }

    private void Fire(Watch watch, WatchEvent what)
    {
        watch.Table = null;
        woken.Add(watch.Fire(what));
    }

    private void Offer(Dictionary<string, List<WatchSubscription>> table, string watched, WatchEventKind kind, string path, long zxid)
    {
        if (table.TryGetValue(watched, out var subscriptions))
            Offer(subscriptions, kind, path, zxid);
    }

    private void Offer(List<WatchSubscription> subscriptions, WatchEventKind kind, string path, long zxid)
    {
        foreach (var subscription in subscriptions)
            Wake(subscription.Offer(new WatchEvent(kind, subscription.Strip(path), zxid, ResyncReason.None)));
    }

    // The path itself, and all above it.
    private void OfferUpwards(string path, WatchEventKind kind, long zxid)
    {
        var table = _recursive.GetAlternateLookup<ReadOnlySpan<char>>();
        for (var length = path.Length; length > 0; length = path.LastIndexOf('/', length - 1))
        {
            if (table.TryGetValue(path.AsSpan(0, length), out var subscriptions))
                Offer(subscriptions, kind, path, zxid);
        }

        if (path.Length > 1)
            Offer(_recursive, "/", kind, path, zxid);
    }

    private void Wake(IThreadPoolWorkItem? reader)
    {
        if (reader is not null)
            woken.Add(reader);
    }

    private Dictionary<string, List<WatchSubscription>> TableOf(WatchSubscription subscription) =>
        subscription.Mode == WatchMode.Persistent ? _persistent : _recursive;

    // A server that is told to forget data watches may forget more than was meant, before 3.9: all of a path, and data for children too.
    private bool IsWatchedOtherwise(string path, bool isChild) =>
        _persistent.ContainsKey(path) || _recursive.ContainsKey(path)
        || (isChild ? _child.ContainsKey(path) : _data.ContainsKey(path) || _exist.ContainsKey(path));

    private bool IsWatched(string path) => IsWatchedOtherwise(path, true) || IsWatchedOtherwise(path, false);

    private static void Add<T>(Dictionary<string, List<T>> table, string path, T item)
    {
        if (!table.TryGetValue(path, out var list))
            table[path] = list = [];
        list.Add(item);
    }

    private static bool Remove<T>(Dictionary<string, List<T>> table, string path, T item)
    {
        if (!table.TryGetValue(path, out var list) || !list.Remove(item) || list.Count > 0)
            return false;
        return table.Remove(path);
    }
}
