using System.Text;
using Quoll.Protocol;
using Quoll.Protocol.Jute;
using Quoll.Protocol.Records;
using Quoll.Storage;

namespace Quoll.Simulator;

/// <summary>Judges a run by what the clients were told and by what is on the disks in the end. Each complaint is a sentence.</summary>
internal static class Checker
{
    public static List<string> Check(Simulation simulation, IReadOnlyList<SimClient> clients)
    {
        var complaints = new List<string>(simulation.Complaints);
        var operations = clients.SelectMany(client => client.History).ToList();
        var histories = simulation.Servers.ToDictionary(server => server.Id, ReadLog);
        CheckTrees(simulation, complaints);
        CheckWrites(operations, simulation.Journal, histories.Values.MaxBy(history => history.Count)!, complaints);
        CheckReads(operations, simulation.Journal, complaints);
        foreach (var client in clients)
            CheckOrder(client, complaints);
        return complaints;
    }

    private static void CheckTrees(Simulation simulation, List<string> complaints)
    {
        var states = simulation.Servers.Select(server => (server.Id, server.Recover().State)).ToList();
        var first = states[0];
        foreach (var (id, state) in states.Skip(1))
        {
            if (state.LastZxid != first.State.LastZxid)
                complaints.Add($"server {first.Id} ends at {first.State.LastZxid}, server {id} at {state.LastZxid}");
            else if (StateDump.Of(state) != StateDump.Of(first.State))
                complaints.Add($"the trees of servers {first.Id} and {id} differ at {state.LastZxid}");
        }

        complaints.AddRange(
            states.Where(each => each.State.DigestMismatches > 0).Select(each => $"the digest of server {each.Id} differs"));
    }

    // Each write that was answered is there, where its answer said, in the log as far as it goes back; and they are in an order that agrees
    // with real time.
    private static void CheckWrites(
        List<Operation> operations, Dictionary<long, byte[]> journal, SortedDictionary<long, byte[]> log, List<string> complaints)
    {
        var written = operations.Where(o => o is { Op: OpCode.SetData, Returned: not null, Error: ErrorCode.Ok }).ToList();
        var start = log.Keys.FirstOrDefault();
        foreach (var write in written)
        {
            var lost = write.Stat.Mzxid >= start && !log.ContainsKey(write.Stat.Mzxid);
            if (!journal.TryGetValue(write.Stat.Mzxid, out var txn) || lost)
                complaints.Add($"{write.Path}={write.Value} was acknowledged at 0x{write.Stat.Mzxid:x}, and is not there");
            else if (ValueOf(txn) != write.Value)
                complaints.Add($"{write.Path}={write.Value} was acknowledged at 0x{write.Stat.Mzxid:x}, where {ValueOf(txn)} was written");
        }

        foreach (var (earlier, later) in Consecutive(written, write => write.Stat.Mzxid))
        {
            if (earlier.Stat.Mzxid > later.Stat.Mzxid)
                complaints.Add($"{later.Value} was begun after {earlier.Value} had been answered, and comes before it");
        }
    }

    // A read tells what was written last at the moment that its stat names.
    private static void CheckReads(List<Operation> operations, Dictionary<long, byte[]> log, List<string> complaints)
    {
        foreach (var read in operations.Where(o => o is { Op: OpCode.GetData, Returned: not null, Error: ErrorCode.Ok }))
        {
            if (!log.TryGetValue(read.Stat.Mzxid, out var txn))
                complaints.Add($"{read.Path} was read as of 0x{read.Stat.Mzxid:x}, which is not there");
            else if (ValueOf(txn) != read.Value)
                complaints.Add($"{read.Path} was read as {read.Value}, where {ValueOf(txn)} was written");
        }
    }

    // A client never sees time go back, whichever server it is connected to.
    private static void CheckOrder(SimClient client, List<string> complaints)
    {
        var last = 0L;
        var newest = new Dictionary<string, long>();
        foreach (var operation in client.History.Where(o => o.Returned is not null && o.Error == ErrorCode.Ok))
        {
            if (operation.Zxid < last && operation.Op != OpCode.Sync)
                complaints.Add($"client {operation.Client} was told 0x{operation.Zxid:x} after 0x{last:x}");
            last = Math.Max(last, operation.Zxid);
            if (operation.Op is not (OpCode.GetData or OpCode.SetData))
                continue;
            if (newest.GetValueOrDefault(operation.Path) > operation.Stat.Mzxid)
                complaints.Add($"client {operation.Client} saw {operation.Path} go back to 0x{operation.Stat.Mzxid:x}");
            newest[operation.Path] = operation.Stat.Mzxid;
        }
    }

    // Pairs of which the second began after the first had ended: for each the newest that had.
    private static IEnumerable<(Operation Earlier, Operation Later)> Consecutive(List<Operation> operations, Func<Operation, long> order)
    {
        var byEnd = new Queue<Operation>(operations.OrderBy(operation => operation.Returned));
        Operation? newest = null;
        foreach (var later in operations.OrderBy(operation => operation.Invoked))
        {
            while (byEnd.TryPeek(out var ended) && ended.Returned < later.Invoked)
            {
                byEnd.Dequeue();
                if (newest is null || order(ended) > order(newest))
                    newest = ended;
            }

            if (newest is not null)
                yield return (newest, later);
        }
    }

    private static SortedDictionary<long, byte[]> ReadLog(SimServer server)
    {
        var history = new SortedDictionary<long, byte[]>();
        foreach (var (_, path) in DataFiles.Logs(server.Disk, SimServer.Directory))
        {
            using var reader = new TxnLogReader(server.Disk, path, 1024 * 1024);
            while (reader.TryRead(out var txn))
            {
                var header = new JuteReader(txn);
                history[TxnHeader.Read(ref header).Zxid] = txn.ToArray();
            }
        }

        return history;
    }

    private static string? ValueOf(byte[] txn)
    {
        var reader = new JuteReader(txn);
        var header = TxnHeader.Read(ref reader);
        return (OpCode)header.Type switch
        {
            OpCode.SetData => Encoding.UTF8.GetString(SetDataTxn.Read(ref reader).Data.Span),
            OpCode.Create => Encoding.UTF8.GetString(CreateTxn.Read(ref reader).Data.Span),
            _ => null,
        };
    }
}
