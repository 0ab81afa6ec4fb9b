using Quoll.Core;
using Quoll.Protocol;
using Quoll.Storage;

namespace Quoll.Tests.Storage;

/// <summary>What a start brings back from a directory: the real recovery into the core's real state.</summary>
internal sealed class RecoveredDirectory(RecoveredState state, RecoveryReport report)
{
    public static PeerOptions Options => new() { ExtendedTypesEnabled = true };

    public RecoveredState State { get; } = state;

    public RecoveryReport Report { get; } = report;

    public string Dump => StateDump.Of(State);

    public static RecoveredDirectory From(IDisk disk, PeerOptions? options = null, bool trustEmpty = false)
    {
        var recovery = new Recovery(disk, LogFiles.Directory, LogFiles.Directory, 1024 * 1024, trustEmpty);
        var (target, report) = recovery.Run(() => new Target(new RecoveredState(options ?? Options)));
        Assert.Equal(report.LastZxid, target.State.LastZxid);
        Assert.Empty(StateDump.WronglyCountedAcls(target.State));
        return new RecoveredDirectory(target.State, report);
    }

    public string? Znode(string path) => StateDump.Of(State, path);

    private sealed class Target(RecoveredState state) : IRecoveryTarget
    {
        public RecoveredState State { get; } = state;

        public void Load(Zxid zxid, Action<ISnapshotHandler> source) => State.Load(zxid, source);

        public void Replay(ReadOnlySpan<byte> txn) => State.Replay(txn);
    }
}
