using Quoll.Core;
using Quoll.Protocol;

namespace Quoll.Tests.Core.Tree;

/// <summary>Random requests of several sessions, with random pauses of the disk, against a naive model; then a restart.</summary>
public sealed class TreeModelTests
{
    private readonly RecoveredState _state = new(new PeerOptions());
    private readonly TreeModel _model = new();
    private readonly List<TestClient> _clients = [];
    private Prng _prng = new(0);
    private PeerDriver _driver = null!;

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    public void Random_changes_leave_what_the_model_says_live_and_replayed(ulong seed)
    {
        _prng = new Prng(seed);
        _driver = new PeerDriver(new PeerOptions { Seed = seed }, _state);
        for (var i = 0; i < 4; i++)
            _clients.Add(_driver.Connect());

        for (var step = 0; step < 6_000; step++)
        {
            Step();
            if (_prng.Below(10) == 0)
                _driver.SyncAll();
            else if (_prng.Below(4) == 0 && _driver.Unsynced > 0)
                _driver.SyncOne();
            if (step == 3_000)
                _driver.Peer.BeginSnapshot();
        }

        _driver.SyncAll();
        Assert.Equal(0, _driver.Peer.Introspection.DigestMismatches);
        AssertSame(_model.Znodes, TreeModel.Of(_state));
        Assert.Equal(_model.Znodes.Values.Count(znode => znode.Owner != 0), _driver.Peer.Introspection.EphemeralCount);
        AssertSizes();
        var replayed = _driver.Replay();
        AssertSame(_model.Znodes, TreeModel.Of(replayed));
        Assert.Equal(_driver.Peer.Introspection.Digest, replayed.Digest);
        Assert.Equal(0, replayed.DigestMismatches);
    }

    private void Step()
    {
        var who = (int)_prng.Below(_clients.Count);
        var client = _clients[who];
        var path = RandomPath();
        switch (_prng.Below(100))
        {
            case < 45:
                Create(client, path);
                break;
            case < 60:
                Delete(client, path);
                break;
            case < 75:
                SetData(client, path);
                break;
            case < 82:
                client.Send(Ask.SetAcl(
                    OrRoot(path), -1, AclLine.Open, new AclLine((int)_prng.Below(31), "digest", $"user{_prng.Below(9)}:hash")));
                var zxid = _driver.Log[^1].Zxid.Value;
                if (_model.Znodes.ContainsKey(path) && zxid > 0)
                    _model.SetAcl(path);
                break;
            case < 98:
                Multi(client);
                break;
            default:
                client.Send(Ask.Close);
                _model.EndSession(client.SessionId, _driver.Log[^1].Zxid.Value);
                _clients[who] = _driver.Connect();
                break;
        }
    }

    private void Create(TestClient client, string path)
    {
        var ephemeral = _prng.Below(4) == 0;
        var data = RandomData();
        client.Send(Ask.Create(OrRoot(path), data, ephemeral ? CreateMode.Ephemeral : CreateMode.Persistent, RandomAcl()));
        if (path.Length > 0 && _model.CanCreate(path))
            _model.Create(path, data, ephemeral ? client.SessionId : 0, _driver.Log[^1].Zxid.Value);
    }

    private void Delete(TestClient client, string path)
    {
        client.Send(Ask.Delete(OrRoot(path)));
        if (path.Length > 0 && _model.CanDelete(path))
            _model.Delete(path, _driver.Log[^1].Zxid.Value);
    }

    private void SetData(TestClient client, string path)
    {
        var data = RandomData();
        client.Send(Ask.SetData(OrRoot(path), data));
        if (_model.Znodes.ContainsKey(path))
            _model.SetData(path, data, _driver.Log[^1].Zxid.Value);
    }

    // Half of them fail at their end, and leave nothing.
    private void Multi(TestClient client)
    {
        var zxid = _driver.Log[^1].Zxid.Next.Value;
        var parts = new List<Ask>();
        var changes = new List<Action<TreeModel>>();
        var trial = new TreeModel();
        trial.Znodes.Clear();
        foreach (var (path, znode) in _model.Znodes)
            trial.Znodes[path] = znode;
        for (var i = 0; i < 1 + _prng.Below(8); i++)
        {
            if (ValidPart(client, trial, zxid) is not var (part, change))
                continue;
            parts.Add(part);
            changes.Add(change);
            change(trial);
        }

        var fails = _prng.Below(2) == 0;
        if (fails)
            parts.Add(Ask.Check("/", 1_000_000));
        client.Send(Ask.Multi([.. parts]));
        Assert.Equal(zxid, _driver.Log[^1].Zxid.Value);
        if (fails)
            return;
        foreach (var change in changes)
            change(_model);
    }

    private (Ask, Action<TreeModel>)? ValidPart(TestClient client, TreeModel trial, long zxid)
    {
        var path = RandomPath();
        var data = RandomData();
        var ephemeral = _prng.Below(4) == 0;
        if (path.Length > 0 && trial.CanCreate(path))
        {
            return (Ask.Create(path, data, ephemeral ? CreateMode.Ephemeral : CreateMode.Persistent, RandomAcl()),
                model => model.Create(path, data, ephemeral ? client.SessionId : 0, zxid));
        }

        if (path.Length > 0 && trial.CanDelete(path) && _prng.Below(2) == 0)
            return (Ask.Delete(path), model => model.Delete(path, zxid));
        return trial.Znodes.ContainsKey(path) ? (Ask.SetData(OrRoot(path), data), model => model.SetData(path, data, zxid)) : null;
    }

    private void AssertSizes()
    {
        var tree = _state.Database.Tree;
        Assert.Equal(_model.Znodes.Count, tree.Count);
        Assert.Equal(_model.Znodes.Sum(pair => pair.Key.Length + (pair.Value.Data?.Length ?? 0)), tree.DataSize);
        foreach (var path in _model.Znodes.Keys)
        {
            var node = tree.Find(System.Text.Encoding.UTF8.GetBytes(path));
            Assert.Equal(_model.ChildrenOf(path).Count(), tree.ChildCountOf(node));
        }

        // Every list in the table is some znode's.
        var used = Enumerable.Range(1, tree.End - 1).Where(tree.InUse)
            .Select(node => (long)tree[node].Acl).Where(acl => acl != 0).ToHashSet();
        Assert.Equal(used.Order(), tree.Acls.All().Select(pair => pair.Key).Order());
    }

    private static void AssertSame(SortedDictionary<string, ModelZnode> expected, SortedDictionary<string, ModelZnode> actual)
    {
        Assert.Equal(expected.Keys, actual.Keys);
        foreach (var (path, znode) in expected)
            Assert.Equal((path, znode), (path, actual[path]));
    }

    // Few names, so that requests meet.
    private string RandomPath()
    {
        var path = "";
        for (var depth = _prng.Below(4); depth > 0; depth--)
            path += "/" + (char)('a' + _prng.Below(5));
        return path;
    }

    private string? RandomData() => _prng.Below(8) == 0 ? null : new string('d', (int)_prng.Below(_prng.Below(10) == 0 ? 3_000 : 20));

    private AclLine[] RandomAcl() =>
        _prng.Below(3) > 0 ? [] : [AclLine.Open, new AclLine((int)_prng.Below(31), "digest", $"user{_prng.Below(9)}:hash")];

    private static string OrRoot(string path) => path.Length == 0 ? "/" : path;
}
