using Quoll.Core.Requests;
using Quoll.Core.Tree;

namespace Quoll.Core.Watches;

[Flags]
internal enum WatchModes
{
    None = 0,
    Standard = 1,
    Persistent = 2,
    PersistentRecursive = 4,
}

/// <summary>
/// Which connection watches which path, and how. Packed in tables of numbers: 32 bytes a watch, and the path once for all who watch
/// it. Adding, removing and finding a watch cost the same however many there are; firing costs as much as fires.
/// </summary>
internal sealed class WatchTable
{
    private readonly PagedTable<WatchedPath> _paths = new();
    private readonly PagedTable<Watch> _watches = new();
    private readonly SlabStore _names = new();
    private readonly HashIndex _byPath;
    private readonly HashIndex _byPathAndClient;
    private readonly ulong _seed;
    private readonly Func<int, Client> _clientAt;
    private readonly bool _isData;
    private readonly Dictionary<int, int> _recursiveByLength = [];

    public WatchTable(ulong seed, bool isData, Func<int, Client> clientAt)
    {
        _seed = seed;
        _isData = isData;
        _clientAt = clientAt;
        _byPath = new HashIndex(new PathChains(this));
        _byPathAndClient = new HashIndex(new WatchChains(this));
    }

    public int PathCount => _paths.Count;

    public int WatchCount => _watches.Count;

    public int RecursiveCount { get; private set; }

    public int ClientCount { get; private set; }

    public void Add(ReadOnlySpan<byte> path, Client client, WatchModes mode)
    {
        var at = FindPath(path);
        if (at == 0)
            at = AddPath(path);
        var watch = FindWatch(at, client.Index);
        if (watch == 0)
            watch = AddWatch(at, client);
        Change(watch, _watches[watch].Modes | mode);
    }

    /// <summary>True if the connection watches the path in the mode; with no mode given, in any.</summary>
    public bool Contains(ReadOnlySpan<byte> path, Client client, WatchModes mode = WatchModes.None)
    {
        var at = FindPath(path);
        var watch = at == 0 ? 0 : FindWatch(at, client.Index);
        return watch != 0 && (mode == WatchModes.None || (_watches[watch].Modes & mode) != 0);
    }

    /// <summary>Takes away a mode, or all of them if none is given; false if there was nothing to take.</summary>
    public bool Remove(ReadOnlySpan<byte> path, Client client, WatchModes mode = WatchModes.None)
    {
        var at = FindPath(path);
        var watch = at == 0 ? 0 : FindWatch(at, client.Index);
        if (watch == 0)
            return false;
        var before = _watches[watch].Modes;
        Change(watch, mode == WatchModes.None ? WatchModes.None : before & ~mode);
        return mode == WatchModes.None || (before & mode) != 0;
    }

    public void RemoveAll(Client client)
    {
        while (Head(client) is > 0 and var watch)
            Change(watch, WatchModes.None);
    }

    /// <summary>Adds to the list who watches just this path, and consumes their one-shot watches.</summary>
    public void Fire(ReadOnlySpan<byte> path, List<Client> fired)
    {
        var at = FindPath(path);
        for (var watch = at == 0 ? 0 : _paths[at].First; watch != 0;)
        {
            ref var entry = ref _watches[watch];
            var next = entry.NextOfPath;
            fired.Add(_clientAt(entry.Client));
            Change(watch, entry.Modes & ~WatchModes.Standard);
            watch = next;
        }
    }

    /// <summary>
    /// True if a path of this length is watched together with all below it. A change in the deep has thousands of ancestors: they are
    /// told apart by their lengths before they are looked up.
    /// </summary>
    public bool HasRecursiveOfLength(int length) => _recursiveByLength.ContainsKey(length);

    /// <summary>Adds to the list who watches this ancestor of a changed path together with all below it.</summary>
    public void FireRecursive(ReadOnlySpan<byte> ancestor, List<Client> fired)
    {
        var at = FindPath(ancestor);
        for (var watch = at == 0 ? 0 : _paths[at].First; watch != 0; watch = _watches[watch].NextOfPath)
        {
            if ((_watches[watch].Modes & WatchModes.PersistentRecursive) != 0)
                fired.Add(_clientAt(_watches[watch].Client));
        }
    }

    /// <summary>Calls for each watched path of a connection.</summary>
    public void ForEachPath(Client client, Action<byte[]> visit)
    {
        for (var watch = Head(client); watch != 0; watch = _watches[watch].NextOfClient)
            visit(NameOf(_watches[watch].Path).ToArray());
    }

    private int FindPath(ReadOnlySpan<byte> path)
    {
        if (_byPath.Count == 0)
            return 0;
        for (var at = _byPath.First(HashIndex.Hash(_seed, 0, path)); at != 0; at = _paths[at].HashNext)
        {
            if (NameOf(at).SequenceEqual(path))
                return at;
        }

        return 0;
    }

    private int AddPath(ReadOnlySpan<byte> path)
    {
        var at = _paths.Allocate();
        ref var entry = ref _paths[at];
        entry.Name = _names.Allocate(path.Length);
        entry.Length = path.Length;
        path.CopyTo(_names.Span(entry.Name, path.Length));
        _byPath.Add(at);
        return at;
    }

    private int FindWatch(int path, int client)
    {
        var watch = _byPathAndClient.First(HashOf(path, client));
        while (watch != 0 && (_watches[watch].Path != path || _watches[watch].Client != client))
            watch = _watches[watch].HashNext;
        return watch;
    }

    private int AddWatch(int path, Client client)
    {
        var watch = _watches.Allocate();
        ref var entry = ref _watches[watch];
        entry.Path = path;
        entry.Client = client.Index;
        entry.NextOfPath = _paths[path].First;
        if (entry.NextOfPath != 0)
            _watches[entry.NextOfPath].PreviousOfPath = watch;
        _paths[path].First = watch;
        ref var head = ref Head(client);
        if (head == 0)
            ClientCount++;
        entry.NextOfClient = head;
        if (head != 0)
            _watches[head].PreviousOfClient = watch;
        head = watch;
        _byPathAndClient.Add(watch);
        return watch;
    }

    private void Change(int watch, WatchModes modes)
    {
        ref var entry = ref _watches[watch];
        CountRecursive(_paths[entry.Path].Length, IsRecursive(modes) - IsRecursive(entry.Modes));
        entry.Modes = modes;
        if (modes == WatchModes.None)
            Delete(watch);

        static int IsRecursive(WatchModes modes) => (modes & WatchModes.PersistentRecursive) != 0 ? 1 : 0;
    }

    private void CountRecursive(int length, int by)
    {
        if (by == 0)
            return;
        RecursiveCount += by;
        var count = _recursiveByLength.GetValueOrDefault(length) + by;
        if (count == 0)
            _recursiveByLength.Remove(length);
        else
            _recursiveByLength[length] = count;
    }

    private void Delete(int watch)
    {
        _byPathAndClient.Remove(watch);
        var entry = _watches[watch];
        if (entry.PreviousOfPath != 0)
            _watches[entry.PreviousOfPath].NextOfPath = entry.NextOfPath;
        else
            _paths[entry.Path].First = entry.NextOfPath;
        if (entry.NextOfPath != 0)
            _watches[entry.NextOfPath].PreviousOfPath = entry.PreviousOfPath;
        ref var head = ref Head(_clientAt(entry.Client));
        if (entry.PreviousOfClient != 0)
            _watches[entry.PreviousOfClient].NextOfClient = entry.NextOfClient;
        else
            head = entry.NextOfClient;
        if (entry.NextOfClient != 0)
            _watches[entry.NextOfClient].PreviousOfClient = entry.PreviousOfClient;
        if (head == 0)
            ClientCount--;
        _watches.Free(watch);
        if (_paths[entry.Path].First == 0)
            DeletePath(entry.Path);
    }

    private void DeletePath(int path)
    {
        _byPath.Remove(path);
        _names.Free(_paths[path].Name);
        _paths.Free(path);
    }

    private ReadOnlySpan<byte> NameOf(int path) => _names.Span(_paths[path].Name, _paths[path].Length);

    private ref int Head(Client client) => ref _isData ? ref client.FirstDataWatch : ref client.FirstChildWatch;

    private uint HashOf(int path, int client) => HashIndex.Hash(_seed ^ (uint)client, path, default);

    private struct WatchedPath
    {
        public SlabRef Name;
        public int Length;
        public int First;
        public int HashNext;
    }

    private struct Watch
    {
        public int Path;
        public int Client;
        public WatchModes Modes;
        public int NextOfPath;
        public int PreviousOfPath;
        public int NextOfClient;
        public int PreviousOfClient;
        public int HashNext;
    }

    private sealed class PathChains(WatchTable table) : IHashChains
    {
        public uint HashOf(int entry) => HashIndex.Hash(table._seed, 0, table.NameOf(entry));

        public int NextOf(int entry) => table._paths[entry].HashNext;

        public void SetNext(int entry, int next) => table._paths[entry].HashNext = next;
    }

    private sealed class WatchChains(WatchTable table) : IHashChains
    {
        public uint HashOf(int entry) => table.HashOf(table._watches[entry].Path, table._watches[entry].Client);

        public int NextOf(int entry) => table._watches[entry].HashNext;

        public void SetNext(int entry, int next) => table._watches[entry].HashNext = next;
    }
}
