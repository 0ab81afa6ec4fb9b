using System.Text;
using Quoll.Core;
using Quoll.Protocol;
using Quoll.Protocol.Jute;
using Quoll.Protocol.Records;
using Quoll.Simulator.Clients;

namespace Quoll.Simulator.Checks;

/// <summary>The verdict on a whole run: what the clients were told, and what is on the disks in the end.</summary>
internal static class EndChecker
{
    public static void Check(Simulation simulation, IReadOnlyList<SimClient> clients)
    {
        var replies = new ReplyChecker(simulation, clients);
        replies.Check();
        for (var number = 0; number < clients.Count; number++)
            new OrderChecker(simulation, replies.Model, number).Check(clients[number].Heard);
        var places = PlacesOf(simulation.Ledger);
        foreach (var znode in Linearizability.StepsOf(clients.SelectMany(client => client.History)))
        {
            if (new Linearizability(znode, Place).Check() is { } where)
                simulation.Complain($"there is no order of the operations on {znode.Key} that agrees with the answers: {where}");
        }

        CheckTrees(simulation, replies.Model);

        long Place(Operation operation) => operation.Returned is not null
            ? operation.Zxid
            : places.GetValueOrDefault((operation.Session, operation.Xid), long.MaxValue);
    }

    private static Dictionary<(long Session, int Xid), long> PlacesOf(Ledger ledger)
    {
        var places = new Dictionary<(long, int), long>();
        foreach (var zxid in ledger.Committed)
        {
            var reader = new JuteReader(ledger.Entries[zxid].Txn);
            var header = TxnHeader.Read(ref reader);
            if (!IsRefusal((OpCode)header.Type, ref reader))
                places.TryAdd((header.ClientId, header.Cxid), zxid);
        }

        return places;
    }

    // What changed nothing has no place: the search would try it wherever it could have changed something.
    private static bool IsRefusal(OpCode type, ref JuteReader reader)
    {
        if (type != OpCode.Multi)
            return type == OpCode.Error;
        var refused = false;
        foreach (var part in MultiTxn.Read(ref reader).Txns)
            refused |= (OpCode)part.Type == OpCode.Error;
        return refused;
    }

    private static void CheckTrees(Simulation simulation, Model model)
    {
        var expected = Dump(model);
        var first = "";
        foreach (var server in simulation.Servers)
        {
            var state = server.Recover().State;
            if (simulation.Ledger.LastOf(state.LastZxid.Value) != simulation.Ledger.LastCommitted)
                simulation.Complain($"server {server.Id} ends at {state.LastZxid}, not at 0x{simulation.Ledger.LastCommitted:x}");
            if (state.Digest != server.Peer!.Introspection.Digest)
                simulation.Complain($"server {server.Id} ends with another tree in memory than on disk");
            var whole = StateDump.Of(state);
            if (first.Length > 0 && whole != first)
                simulation.Complain($"the trees of servers {simulation.Servers[0].Id} and {server.Id} differ at {state.LastZxid}");
            first = whole;
            if (Dump(state) is var dump && dump != expected)
                simulation.Complain($"server {server.Id} ends with\n{dump}\nand should with\n{expected}");
        }

        if (model.Sessions.Count > 0)
            simulation.Complain($"{model.Sessions.Count} sessions never ended, long after their clients");
        if (model.Znodes.Values.Count(znode => znode.Owner != 0) is > 0 and var left)
            simulation.Complain($"{left} ephemerals are left of sessions that have ended");
    }

    private static string Dump(Model model) => Join(
        model.Znodes.Where(znode => znode.Key.Length > 0)
            .Select(znode => Line(znode.Key, znode.Value.Value, znode.Value.Version, znode.Value.Mzxid, znode.Value.Owner)),
        model.Sessions);

    private static string Dump(RecoveredState state)
    {
        var tree = state.Database.Tree;
        var lines = new List<string>();
        for (var node = 1; node < tree.End; node++)
        {
            if (!tree.InUse(node))
                continue;
            var path = Encoding.UTF8.GetString(tree.PathOf(node));
            var stat = tree.PersistedStatOf(node);
            if (path.Length > 1 && !path.StartsWith("/zookeeper", StringComparison.Ordinal))
                lines.Add(Line(path, Encoding.UTF8.GetString(tree.DataOf(node)), stat.Version, stat.Mzxid, stat.EphemeralOwner));
        }

        return Join(lines, state.Database.Sessions.Keys);
    }

    private static string Line(string path, string value, int version, long mzxid, long owner) =>
        $"{path} {value} {version} 0x{mzxid:x} 0x{owner:x}";

    private static string Join(IEnumerable<string> znodes, IEnumerable<long> sessions) =>
        string.Join('\n', znodes.Order(StringComparer.Ordinal).Concat(sessions.Order().Select(session => $"session 0x{session:x}")));
}
