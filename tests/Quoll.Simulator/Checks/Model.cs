using System.Globalization;
using Quoll.Protocol;
using Quoll.Protocol.Jute;
using Quoll.Protocol.Records;
using Quoll.Simulator.Clients;

namespace Quoll.Simulator.Checks;

/// <summary>A znode as it should be.</summary>
internal sealed class ModelZnode(long zxid, string value, long owner)
{
    public string Value { get; set; } = value;

    public int Version { get; set; }

    public long Czxid { get; } = zxid;

    public long Mzxid { get; set; } = zxid;

    public long Pzxid { get; set; } = zxid;

    public long Owner { get; } = owner;

    /// <summary>Children ever created, which numbers the sequential ones.</summary>
    public int Created { get; set; }

    public SortedSet<string> Children { get; } = new(StringComparer.Ordinal);
}

/// <summary>
/// The tree and the sessions, as simply as they can be told: what the transactions should make of them, and what each request should come
/// to. Shares no line with the tree under test.
/// </summary>
internal sealed class Model
{
    private readonly Dictionary<string, ModelZnode> _znodes = new() { [""] = new ModelZnode(0, "", 0) };
    private readonly HashSet<long> _sessions = [];
    private readonly Dictionary<long, int> _requests = [];
    private readonly Dictionary<string, List<(long Zxid, EventType Type)>> _changes = [];
    private long _zxid;

    /// <summary>What no transaction may be.</summary>
    public required Action<string> Complain { get; init; }

    public IReadOnlyDictionary<string, ModelZnode> Znodes => _znodes;

    public IReadOnlySet<long> Sessions => _sessions;

    public ModelZnode? Find(string path) => _znodes.GetValueOrDefault(path);

    /// <summary>The first change of a znode, or of the list of its children, after a moment; null if there was none.</summary>
    public (long Zxid, EventType Type)? FirstChange(string path, bool ofChildren, long after)
    {
        if (!_changes.TryGetValue(KeyOf(path, ofChildren), out var changes))
            return null;
        var index = changes.FindLastIndex(change => change.Zxid <= after) + 1;
        return index < changes.Count ? changes[index] : null;
    }

    /// <summary>True if there was such a znode at a moment.</summary>
    public bool Existed(string path, long at) =>
        _changes.TryGetValue(KeyOf(path, ofChildren: false), out var changes)
        && changes.FindLast(change => change.Zxid <= at) is { Zxid: > 0, Type: not EventType.NodeDeleted };

    /// <summary>What a change should come to, as the next of all.</summary>
    public ErrorCode Predict(Operation change)
    {
        if (!_sessions.Contains(change.Session))
            return ErrorCode.SessionExpired;
        return change.Op == OpCode.Multi
            ? change.Parts.Select(PredictOne).FirstOrDefault(error => error != ErrorCode.Ok)
            : PredictOne(change);
    }

    /// <summary>The path that a create should come to, as the next of all changes.</summary>
    public string PathOf(Operation create) => create.Sequential
        ? create.Path + _znodes[ParentOf(create.Path)].Created.ToString("D10", CultureInfo.InvariantCulture)
        : create.Path;

    /// <summary>Applies the next transaction.</summary>
    public TxnHeader Apply(long zxid, ReadOnlySpan<byte> txn)
    {
        var reader = new JuteReader(txn);
        var header = TxnHeader.Read(ref reader);
        _zxid = zxid;
        if (header.Zxid != zxid)
            Complain($"0x{zxid:x} is logged with the number 0x{header.Zxid:x}");
        if (header.Cxid > 0 && header.Type != (int)OpCode.Error)
            CheckOrder(header);
        if ((OpCode)header.Type is not (OpCode.CreateSession or OpCode.Error) && !_sessions.Contains(header.ClientId))
            Complain($"0x{zxid:x} is of session 0x{header.ClientId:x}, which is not alive");
        if (header.Type == (int)OpCode.Multi)
            ApplyMulti(header, MultiTxn.Read(ref reader).Txns);
        else
            ApplyOne(header.ClientId, (OpCode)header.Type, ref reader);
        return header;
    }

    // The requests of a session are carried out in their order, and each once, wherever it was connected.
    private void CheckOrder(in TxnHeader header)
    {
        if (_requests.TryGetValue(header.ClientId, out var last) && last >= header.Cxid)
            Complain($"request {header.Cxid} of session 0x{header.ClientId:x} is carried out after {last}, at 0x{_zxid:x}");
        _requests[header.ClientId] = header.Cxid;
    }

    private static string ParentOf(string path) => path[..path.LastIndexOf('/')];

    private static string KeyOf(string path, bool ofChildren) => ofChildren ? path + "/" : path;

    private ErrorCode PredictOne(Operation change)
    {
        var znode = Find(change.Op == OpCode.Create ? ParentOf(change.Path) : change.Path);
        if (change.Op == OpCode.CloseSession)
            return ErrorCode.Ok;
        if (znode is null)
            return ErrorCode.NoNode;
        return change.Op switch
        {
            OpCode.Create when Find(PathOf(change)) is not null => ErrorCode.NodeExists,
            OpCode.SetData or OpCode.Delete or OpCode.Check when change.Version != -1 && change.Version != znode.Version =>
                ErrorCode.BadVersion,
            OpCode.Delete when znode.Children.Count > 0 => ErrorCode.NotEmpty,
            _ => ErrorCode.Ok,
        };
    }

    private void ApplyMulti(in TxnHeader header, JuteVector<SubTxn> parts)
    {
        foreach (var part in parts)
        {
            if (part.Type == (int)OpCode.Error)
                return;
        }

        foreach (var part in parts)
        {
            var body = new JuteReader(part.Body.Span);
            ApplyOne(header.ClientId, (OpCode)part.Type, ref body);
        }
    }

    private void ApplyOne(long session, OpCode type, ref JuteReader reader)
    {
        switch (type)
        {
            case OpCode.Create:
                var create = CreateTxn.Read(ref reader);
                Create(create.Path.ToString(), create.Data.ToString(), create.Ephemeral ? session : 0);
                break;
            case OpCode.Delete:
                Delete(DeleteTxn.Read(ref reader).Path.ToString());
                break;
            case OpCode.SetData:
                var set = SetDataTxn.Read(ref reader);
                Set(set.Path.ToString(), set.Data.ToString());
                break;
            case OpCode.CreateSession:
                if (!_sessions.Add(session))
                    Complain($"session 0x{session:x} is created twice, at 0x{_zxid:x}");
                break;
            case OpCode.CloseSession:
                _sessions.Remove(session);
                foreach (var path in _znodes.Where(znode => znode.Value.Owner == session).Select(znode => znode.Key).ToList())
                    Delete(path);
                break;
            case OpCode.Check or OpCode.Error:
                break;
            default:
                Complain($"0x{_zxid:x} is a {type}, for which nobody asked");
                break;
        }
    }

    private void Create(string path, string value, long owner)
    {
        var parent = Find(ParentOf(path));
        if (parent is null || !_znodes.TryAdd(path, new ModelZnode(_zxid, value, owner)))
        {
            Complain($"0x{_zxid:x} creates {path}, where nothing can be created");
            return;
        }

        parent.Created++;
        parent.Pzxid = _zxid;
        parent.Children.Add(path[(path.LastIndexOf('/') + 1)..]);
        Changed(path, EventType.NodeCreated);
        Changed(ParentOf(path), EventType.NodeChildrenChanged);
    }

    private void Delete(string path)
    {
        if (Find(path) is not { Children.Count: 0 })
        {
            Complain($"0x{_zxid:x} deletes {path}, which can't be deleted");
            return;
        }

        _znodes.Remove(path);
        var parent = _znodes[ParentOf(path)];
        parent.Pzxid = _zxid;
        parent.Children.Remove(path[(path.LastIndexOf('/') + 1)..]);
        Changed(path, EventType.NodeDeleted);
        Changed(ParentOf(path), EventType.NodeChildrenChanged);
    }

    private void Set(string path, string value)
    {
        if (Find(path) is not { } znode)
        {
            Complain($"0x{_zxid:x} sets {path}, which is not there");
            return;
        }

        (znode.Value, znode.Mzxid) = (value, _zxid);
        znode.Version++;
        Changed(path, EventType.NodeDataChanged);
    }

    private void Changed(string path, EventType type)
    {
        var key = KeyOf(path, type == EventType.NodeChildrenChanged);
        if (!_changes.TryGetValue(key, out var changes))
            _changes[key] = changes = [];
        changes.Add((_zxid, type));
    }
}
