using System.Text;
using Quoll.Protocol;
using Quoll.Protocol.Jute;
using Quoll.Protocol.Records;

namespace Quoll.Simulator.Programs;

/// <summary>What there is when nothing changes any more, and every value that a znode ever had.</summary>
internal sealed class FinalTree
{
    private readonly Dictionary<string, (string Value, long Owner)> _znodes = new(StringComparer.Ordinal);
    private readonly Simulation _simulation;

    public FinalTree(Simulation simulation)
    {
        _simulation = simulation;
        var tree = simulation.Servers[0].RecoverSynced().Database.Tree;
        for (var node = 1; node < tree.End; node++)
        {
            if (tree.InUse(node))
                Add(Encoding.UTF8.GetString(tree.PathOf(node)), tree.DataOf(node), tree.PersistedStatOf(node).EphemeralOwner);
        }
    }

    /// <summary>Ephemeral znodes, each with the session that it belongs to.</summary>
    public IReadOnlyList<(string Path, long Owner)> Ephemerals =>
        [.. _znodes.Where(znode => znode.Value.Owner > 0).Select(znode => (znode.Key, znode.Value.Owner))];

    /// <summary>The session that a znode belongs to; null if it is not there, 0 if it belongs to none.</summary>
    public long? Owner(string path) => _znodes.TryGetValue(path, out var znode) ? znode.Owner : null;

    public string? Value(string path) => _znodes.TryGetValue(path, out var znode) ? znode.Value : null;

    /// <summary>The paths of a znode and of all below it.</summary>
    public IReadOnlyList<string> Below(string root) =>
        [.. _znodes.Keys.Where(path => path == root || path.StartsWith(root + "/", StringComparison.Ordinal))];

    /// <summary>The names of a znode's children.</summary>
    public IReadOnlyList<string> Children(string path) =>
        [.. _znodes.Keys.Where(key => key.StartsWith(path + "/", StringComparison.Ordinal) && !key[(path.Length + 1)..].Contains('/'))
            .Select(key => key[(path.Length + 1)..]).Order(StringComparer.Ordinal)];

    /// <summary>The paths of all znodes that were ever created, in the order of the ensemble's history.</summary>
    public IReadOnlyList<string> Creations
    {
        get
        {
            var paths = new List<string>();
            ForEach((OpCode type, scoped ref JuteReader body) =>
            {
                if (type is OpCode.Create or OpCode.Create2 or OpCode.CreateContainer)
                    paths.Add(body.ReadBytes().ToString());
            });
            return paths;
        }
    }

    private void Add(string path, ReadOnlySpan<byte> value, long owner) => _znodes[path] = (Encoding.UTF8.GetString(value), owner);

    private delegate void Visit(OpCode type, scoped ref JuteReader body);

    /// <summary>The values that a znode was set to, in the order of the ensemble's history.</summary>
    public IReadOnlyList<string> History(string path)
    {
        var values = new List<string>();
        ForEach((OpCode type, scoped ref JuteReader body) =>
        {
            if (type != OpCode.SetData)
                return;
            var txn = SetDataTxn.Read(ref body);
            if (txn.Path.ToString() == path)
                values.Add(txn.Data.ToString());
        });
        return values;
    }

    // Those of a multi that was refused are error transactions.
    private void ForEach(Visit visit)
    {
        foreach (var zxid in _simulation.Ledger.Committed)
        {
            var reader = new JuteReader(_simulation.Ledger.Entries[zxid].Txn);
            var header = TxnHeader.Read(ref reader);
            if ((OpCode)header.Type != OpCode.Multi)
            {
                visit((OpCode)header.Type, ref reader);
                continue;
            }

            foreach (var part in MultiTxn.Read(ref reader).Txns)
            {
                var body = new JuteReader(part.Body.Span);
                visit((OpCode)part.Type, ref body);
            }
        }
    }
}
