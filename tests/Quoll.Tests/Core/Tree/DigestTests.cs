using Quoll.Core;
using Quoll.Core.Tree;
using Quoll.Protocol.Jute;
using Quoll.Protocol.Records;

namespace Quoll.Tests.Core.Tree;

/// <summary>The values were taken from an Apache server.</summary>
public sealed class DigestTests
{
    private static readonly byte[] Open = [0, 0, 0, 31, 0, 0, 0, 5, .. "world"u8, 0, 0, 0, 6, .. "anyone"u8];

    [Fact]
    public void Digests_are_Apaches()
    {
        var tree = new Database(new PeerOptions()).Tree;
        Assert.Equal(0x04128908ul, tree.DigestOf(DataTree.Root, default));
        Assert.Equal(0x4db44d58ul, tree.DigestOf(tree.Find("/zookeeper"u8), "/zookeeper"u8));
        Assert.Equal(0x51c6d660ul, tree.Digest);
    }

    [Fact]
    public void Digests_follow_changes_as_Apaches_do()
    {
        const long first = 0x1_0000_0001;
        const long session = 0x01000014f8940000;
        var state = new RecoveredState(new PeerOptions());
        state.Replay(Txn(session, first, 0x1a202347b27, -10, new Bytes().Int(10_000)));
        state.Replay(Txn(session, first + 1, 0x1a202347b36, 1, Create("/a", "hello", ephemeral: false)));
        Assert.Equal(0x18f369a52ul, state.Digest);

        state.Replay(Txn(session, first + 2, 0x1a202347b3f, 1, Create("/a/e", "x", ephemeral: true)));
        Assert.Equal(0x1b519cf28ul, state.Digest);
    }

    [Fact]
    public void A_digest_that_does_not_fit_is_counted()
    {
        var state = new RecoveredState(new PeerOptions());
        var txn = Txn(1, 1, 0, 1, Create("/a", "x", ephemeral: false).Int(TreeDigest.Version).Long(12345));

        state.Replay(txn);

        Assert.Equal(1, state.DigestMismatches);
    }

    [Fact]
    public void Creations_in_the_form_of_old_logs_count_the_parents_children_on()
    {
        var state = new RecoveredState(new PeerOptions());
        var old = new Bytes().String("/a").Buffer([]).Int(1).Raw(Open).Bool(false);

        state.Replay(Txn(1, 1, 0, 1, old));

        var tree = state.Database.Tree;
        Assert.Equal(1, tree.PersistedStatOf(DataTree.Root).Cversion);
    }

    private static Bytes Create(string path, string data, bool ephemeral) =>
        new Bytes().String(path).String(data).Int(1).Raw(Open).Bool(ephemeral).Int(1);

    private static byte[] Txn(long session, long zxid, long time, int type, Bytes body)
    {
        var txn = new Bytes().Long(session).Int(0).Long(zxid).Long(time).Int(type).Raw(body.ToArray()).ToArray();
        var reader = new JuteReader(txn);
        Assert.Equal(zxid, TxnHeader.Read(ref reader).Zxid);
        return txn;
    }
}
