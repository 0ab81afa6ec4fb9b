namespace Quoll.Interop.Crash;

/// <summary>Every write that the server has said yes to, over all its lives.</summary>
internal sealed class Ledger
{
    private readonly Lock _gate = new();
    private readonly HashSet<string> _sequentialEver = [];
    private readonly Dictionary<string, SortedList<int, long>> _versions = [];
    private long _floor;

    /// <summary>Paths that must be there, with the zxid of their creation.</summary>
    public Dictionary<string, long> Created { get; } = [];

    public HashSet<string> Deleted { get; } = [];

    /// <summary>Ephemerals of sessions that were not closed, with them; taken out once it is known that they outlived a crash.</summary>
    public Dictionary<string, RawSession> Ephemerals { get; } = [];

    /// <summary>By counter: the value acknowledged last, with its zxid.</summary>
    public Dictionary<string, (int Value, long Zxid)> Counters { get; } = [];

    public int Acknowledged { get; private set; }

    public long HighestZxid { get; private set; }

    /// <summary>From here on every zxid must be above all that were acknowledged so far.</summary>
    public void BeginLife()
    {
        lock (_gate)
            _floor = HighestZxid;
    }

    public void NoteCreated(string path, long zxid) => Note(zxid, () => Created.Add(path, zxid));

    public void NoteSequential(string path, long zxid) => Note(zxid, () =>
    {
        Assert.True(_sequentialEver.Add(path), $"the name {path} was given twice");
        Created.Add(path, zxid);
    });

    public void NotePair(string one, string other, long zxid) => Note(zxid, () =>
    {
        Created.Add(one, zxid);
        Created.Add(other, zxid);
    });

    public void NoteEphemeral(string path, RawSession owner, long zxid) => Note(zxid, () =>
    {
        Created.Add(path, zxid);
        Ephemerals.Add(path, owner);
    });

    /// <summary>Before the request: from then on the path may be there or not.</summary>
    public void ExpectDeletion(string path)
    {
        lock (_gate)
            Created.Remove(path);
    }

    public void NoteDeleted(string path, long zxid) => Note(zxid, () => Deleted.Add(path));

    /// <summary>Its session is over: whether or not it was told so, the path goes.</summary>
    public void NoteExpired(string path)
    {
        lock (_gate)
        {
            Created.Remove(path);
            Ephemerals.Remove(path);
            Deleted.Add(path);
        }
    }

    public void NoteCounter(string path, int value, long zxid) => Note(zxid, () =>
    {
        NoteVersion(path, value, zxid);
        if (value > Counters.GetValueOrDefault(path).Value)
            Counters[path] = (value, zxid);
    });

    /// <summary>What was once seen is not taken back either, whoever saw it.</summary>
    public void NoteRead(string path, ZnodeState state)
    {
        lock (_gate)
            NoteVersion(path, state.Version, state.ModifiedAt);
    }

    // Each version is of one write, and later ones are of later writes.
    private void NoteVersion(string path, int version, long zxid)
    {
        if (!_versions.TryGetValue(path, out var versions))
            _versions[path] = versions = [];
        var known = versions.TryAdd(version, zxid) ? zxid : versions[version];
        var at = versions.IndexOfKey(version);
        Assert.True(known == zxid, $"version {version} of {path} is of {zxid:x}, and was of {known:x}");
        Assert.True(at == 0 || versions.Values[at - 1] < zxid, $"version {version} of {path} is of {zxid:x}, one before it of a later");
        Assert.True(at == versions.Count - 1 || versions.Values[at + 1] > zxid, $"version {version} of {path} is newer than one after it");
    }

    private void Note(long zxid, Action entry)
    {
        lock (_gate)
        {
            Assert.True(zxid > _floor, $"zxid {zxid:x} was given, but {_floor:x} was acknowledged before the crash");
            entry();
            HighestZxid = Math.Max(HighestZxid, zxid);
            Acknowledged++;
        }
    }
}
