using Quoll.Core;
using Quoll.Core.Tree;
using Quoll.Protocol;
using Quoll.Storage;

namespace Quoll.Fuzz.Targets;

/// <summary>What must hold of any state that a server takes up, wherever it came from.</summary>
internal static class StateCheck
{
    public const string Directory = "/data/version-2";

    public static PeerOptions Options { get; } = new() { ExtendedTypesEnabled = true, EnforceQuota = true };

    public static (RecoveredState State, RecoveryReport Report) Recover(IDisk disk)
    {
        var recovery = new Recovery(disk, Directory, Directory, Options.MaxTxn);
        var (target, report) = recovery.Run(static () => new Target(new RecoveredState(Options)));
        return (target.State, report);
    }

    /// <summary>
    /// Its digest is that of its znodes, each path leads to one znode, and lists are counted as they are used. A server begins on it, and
    /// a snapshot that this server writes comes to the same state.
    /// </summary>
    public static void Check(RecoveredState state)
    {
        var tree = state.Database.Tree;
        CheckTree(tree);
        BrokenPromiseException.Unless(StateDump.WronglyCountedAcls(state).Count == 0, "lists are counted as they are used");
        var before = StateDump.Of(state);
        var disk = new MemoryDisk();
        disk.CreateDirectory(Directory);
        using (var server = new FuzzedServer(state, disk))
            server.WriteSnapshot();
        BrokenPromiseException.Unless(before == StateDump.Of(state), "writing a snapshot changes nothing");
        BrokenPromiseException.Unless(WithUsage(Recover(disk).State) == WithUsage(state), "a snapshot comes to the same state");
    }

    public static void CheckTree(DataTree tree)
    {
        var digest = 0UL;
        var count = 0;
        for (var node = 1; node < tree.End; node++)
        {
            if (!tree.InUse(node))
                continue;
            count++;
            var path = tree.PathOf(node).ToArray();
            BrokenPromiseException.Unless(tree.Find(path) == node, "each path leads to its znode");
            BrokenPromiseException.Unless(path is not [(byte)'/'], "no znode has the path that ends a snapshot");
            if (TreeDigest.Counts(path))
                digest += TreeDigest.Node(TreeDigest.Content(path, tree.DataOf(node)), tree.PersistedStatOf(node));
        }

        BrokenPromiseException.Unless(count == tree.Count, "znodes are counted");
        BrokenPromiseException.Unless(digest == tree.Digest, "the digest kept is the digest of the znodes");
    }

    // What a quota has used is counted anew with each load.
    private static string WithUsage(RecoveredState state)
    {
        state.Database.Quotas.Rebuild();
        return StateDump.Of(state);
    }

    private sealed class Target(RecoveredState state) : IRecoveryTarget
    {
        public RecoveredState State { get; } = state;

        public void Load(Zxid zxid, Action<ISnapshotHandler> source) => State.Load(zxid, source);

        public void Replay(ReadOnlySpan<byte> txn) => State.Replay(txn);
    }
}
