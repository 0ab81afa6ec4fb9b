using Quoll.Protocol;
using Quoll.Simulator.Clients;

namespace Quoll.Simulator.Checks;

/// <summary>
/// Goes through all that was committed, in its order, and compares what the clients were told with what the model says of that moment:
/// every answer names it, a change the one that it made, a read the one that it saw. No change that was answered is lost, and none is
/// done twice.
/// </summary>
internal sealed class ReplyChecker
{
    private readonly Simulation _simulation;
    private readonly Dictionary<long, Operation> _changes = [];
    private readonly List<Operation> _reads;

    public ReplyChecker(Simulation simulation, IReadOnlyList<SimClient> clients)
    {
        _simulation = simulation;
        Model = new Model { Complain = simulation.Complain };
        var answered = clients.SelectMany(client => client.History).Where(operation => operation.Returned is not null).ToList();
        foreach (var change in answered.Where(operation => operation.IsChange))
        {
            if (!_changes.TryAdd(change.Zxid, change))
                simulation.Complain($"{change} and {_changes[change.Zxid]} are both answered with 0x{change.Zxid:x}");
        }

        _reads = [.. answered.Where(operation => !operation.IsChange).OrderBy(operation => simulation.Ledger.LastOf(operation.Zxid))];
    }

    public Model Model { get; }

    public void Check()
    {
        var read = 0;
        var ledger = _simulation.Ledger;
        foreach (var zxid in ledger.Committed.Prepend(0))
        {
            if (zxid > 0)
                CheckChange(zxid, ledger.Entries[zxid].Txn);
            for (; read < _reads.Count && ledger.LastOf(_reads[read].Zxid) == zxid; read++)
                CheckRead(_reads[read]);
            if (read < _reads.Count && ledger.LastOf(_reads[read].Zxid) < zxid)
            {
                _simulation.Complain($"{_reads[read]} is answered as of 0x{_reads[read].Zxid:x}, which was never committed");
                return;
            }
        }

        if (read < _reads.Count)
            _simulation.Complain($"{_reads[read]} is answered as of 0x{_reads[read].Zxid:x}, which was never committed");
        foreach (var lost in _changes.Values)
            _simulation.Complain($"{lost} was answered with 0x{lost.Zxid:x}, which was never committed");
    }

    private void CheckChange(long zxid, byte[] txn)
    {
        if (!_changes.Remove(zxid, out var change))
        {
            Model.Apply(zxid, txn);
            return;
        }

        var expected = Model.Predict(change);
        var path = change.Op == OpCode.Create && expected == ErrorCode.Ok ? Model.PathOf(change) : null;
        var header = Model.Apply(zxid, txn);
        if (header.ClientId != change.Session || header.Cxid != change.Xid)
            Complain(change, $"with 0x{zxid:x}, which is request {header.Cxid} of session 0x{header.ClientId:x}");
        if (change.Error == ErrorCode.SessionMoved)
            return;
        if (change.Error != expected)
            Complain(change, $"with {change.Error} at 0x{zxid:x}, and should be with {expected}");
        else if (path != change.CreatedPath)
            Complain(change, $"with {change.CreatedPath} at 0x{zxid:x}, and should be with {path}");
        if (change.Error == ErrorCode.Ok)
            CheckResults(change);
    }

    private void CheckResults(Operation change)
    {
        foreach (var part in change.Parts.Append(change).Where(part => part.Op == OpCode.SetData))
        {
            if (part.Stat is not { } stat || Model.Find(part.Path)?.Version != stat.Version || stat.Mzxid != change.Zxid)
                Complain(change, $"with {part.Stat} for {part.Path}");
        }
    }

    private void CheckRead(Operation read)
    {
        if (read.Op is OpCode.Sync or OpCode.SetWatches)
            return;
        var znode = Model.Find(read.Path);
        if (read.Error != (znode is null ? ErrorCode.NoNode : ErrorCode.Ok))
        {
            Complain(read, $"with {read.Error} as of 0x{read.Zxid:x}, when there was {(znode is null ? "none" : "one")}");
            return;
        }

        if (znode is null)
            return;
        if (read.Op == OpCode.GetData && read.Value != znode.Value)
            Complain(read, $"as of 0x{read.Zxid:x}, when it was {znode.Value}");
        if (read.Op == OpCode.GetChildren2 && !read.Children.Order(StringComparer.Ordinal).SequenceEqual(znode.Children))
        {
            var (told, there) = (string.Join(' ', read.Children), string.Join(' ', znode.Children));
            Complain(read, $"with {told} as of 0x{read.Zxid:x}, when there were {there}");
        }

        var stat = read.Stat!.Value;
        var same = stat.Version == znode.Version && stat.Czxid == znode.Czxid && stat.Mzxid == znode.Mzxid && stat.Pzxid == znode.Pzxid
            && stat.EphemeralOwner == znode.Owner && stat.NumChildren == znode.Children.Count;
        if (!same)
            Complain(read, $"with {stat} as of 0x{read.Zxid:x}");
    }

    private void Complain(Operation operation, string how) => _simulation.Complain($"{operation} is answered {how}");
}
