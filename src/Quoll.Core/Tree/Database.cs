using Quoll.Protocol;
using Quoll.Protocol.Jute;
using Quoll.Protocol.Records;

namespace Quoll.Core.Tree;

/// <summary>
/// Everything that transactions change and snapshots hold: the tree, the sessions with their timeouts, and how far it has come.
/// </summary>
internal sealed class Database
{
    private static ReadOnlySpan<byte> ConfigPath => "/zookeeper/config"u8;
    private const int DigestHistoryInterval = 128;
    private const int DigestHistoryLength = 1024;
    private static readonly AclEntry[] ReadOnlyToAll = [new(Permissions.Read, "world", "anyone")];

    public Database(PeerOptions options)
    {
        Options = options;
        Tree = new DataTree(options);
        Quotas = new Quotas(Tree, options.Seed);
        AddInitialZnodes();
    }

    public PeerOptions Options { get; }

    public DataTree Tree { get; }

    public Quotas Quotas { get; }

    /// <summary>Timeouts of the sessions, in milliseconds.</summary>
    public Dictionary<long, int> Sessions { get; } = [];

    public Zxid LastProcessed { get; set; }

    /// <summary>Until this zxid is reached, digests in transactions can't be compared: what was loaded was fuzzy, or may be.</summary>
    public Zxid DigestsComparableFrom { get; set; }

    /// <summary>Digest of the state at <see cref="DigestsComparableFrom"/>, where a snapshot told it.</summary>
    public ulong? DigestThere { get; set; }

    public long DigestMismatches { get; set; }

    /// <summary>Digests of the past, one for every 128th zxid, for operators who compare servers.</summary>
    public Queue<(Zxid Zxid, ulong Digest)> DigestHistory { get; } = new();

    /// <summary>
    /// Puts the text that tells of the ensemble into <c>/zookeeper/config</c>. It is not a transaction: each server does so by itself, and
    /// the digest leaves that node out.
    /// </summary>
    public void TellConfig(ReadOnlySpan<byte> text, long version, long wallClock)
    {
        var node = Tree.Find(ConfigPath);
        if (node == 0)
            node = AddConfig();
        Tree.SetData(node, ConfigPath, text, dataIsNull: false, version: -1, version, wallClock);
    }

    /// <summary>Compares the digest after a transaction with what was said of it; false on a difference.</summary>
    public bool CheckDigest(ref JuteReader reader)
    {
        if (!Options.DigestEnabled || DigestsComparableFrom > LastProcessed)
            return true;
        RecordDigest();
        var agrees = true;
        if (DigestThere is { } expected)
        {
            agrees = DigestsComparableFrom != LastProcessed || expected == Tree.Digest;
            DigestThere = null;
        }
        else if (reader.Rest.Length >= 12)
        {
            var digest = TxnDigest.Read(ref reader);
            agrees = digest.Version != TreeDigest.Version || (ulong)digest.TreeDigest == Tree.Digest;
        }

        if (!agrees)
            DigestMismatches++;
        return agrees;
    }

    /// <summary>Compares the digest of a snapshot just loaded with the tree, where it is of the same moment.</summary>
    public void CheckLoadedDigest()
    {
        if (!Options.DigestEnabled || DigestThere is not { } expected || DigestsComparableFrom != LastProcessed)
            return;
        DigestThere = null;
        if (expected != Tree.Digest)
            DigestMismatches++;
    }

    private void RecordDigest()
    {
        if (LastProcessed.Value % DigestHistoryInterval != 0)
            return;
        if (DigestHistory.Count == DigestHistoryLength)
            DigestHistory.Dequeue();
        DigestHistory.Enqueue((LastProcessed, Tree.Digest));
    }

    private void AddInitialZnodes()
    {
        var zookeeper = Add(DataTree.Root, "/zookeeper"u8, AclTable.OpenToAll, default);
        Add(zookeeper, "/zookeeper/quota"u8, AclTable.OpenToAll, default);
        AddConfig();
    }

    private int AddConfig() => Add(
        Tree.Find("/zookeeper"u8), ConfigPath, Tree.Acls.Intern(ReadOnlyToAll), default(StatPersisted) with { Aversion = -1 });

    private int Add(int parent, ReadOnlySpan<byte> path, int acl, StatPersisted stat) =>
        Tree.Add(parent, path, default, dataIsNull: false, acl, stat);
}
