using System.Text;
using Quoll.Core;
using Quoll.Core.Requests;
using Quoll.Core.Watches;

namespace Quoll.Tests.Core.Watches;

using Client = Quoll.Core.Requests.Client;

public sealed class WatchTableModelTests
{
    private const int Clients = 12;
    private static readonly WatchModes[] Modes = [WatchModes.Standard, WatchModes.Persistent, WatchModes.PersistentRecursive];
    private readonly Prng _prng = new(17);
    private readonly ClientRegistry _registry = new();
    private readonly List<Client> _clients = [];
    private readonly WatchTable _table;
    private readonly Dictionary<(string Path, Client Client), WatchModes> _model = [];

    public WatchTableModelTests()
    {
        _table = new WatchTable(5, isData: true, _registry.At);
        for (var i = 0; i < Clients; i++)
            _clients.Add(_registry.Add("127.0.0.1", null, 0));
    }

    [Fact]
    public void A_watch_table_does_what_a_dictionary_would_do()
    {
        for (var step = 0; step < 40_000; step++)
        {
            Step();
            if (step % 500 == 0)
                Compare();
        }

        foreach (var client in _clients)
            _table.RemoveAll(client);
        Assert.Equal((0, 0, 0, 0), (_table.WatchCount, _table.PathCount, _table.ClientCount, _table.RecursiveCount));
    }

    private void Step()
    {
        var path = RandomPath();
        var client = _clients[(int)_prng.Below(Clients)];
        var mode = Modes[(int)_prng.Below(Modes.Length)];
        var key = (path, client);
        switch (_prng.Below(20))
        {
            case < 11:
                _table.Add(Utf8(path), client, mode);
                _model[key] = _model.GetValueOrDefault(key) | mode;
                break;
            case < 14:
                Assert.Equal((_model.GetValueOrDefault(key) & mode) != 0, _table.Remove(Utf8(path), client, mode));
                SetModel(key, _model.GetValueOrDefault(key) & ~mode);
                break;
            case < 15:
                Assert.Equal(_model.Remove(key), _table.Remove(Utf8(path), client));
                break;
            case < 18:
                Fire(path);
                break;
            case < 19:
                FireRecursive(path);
                break;
            default:
                Replace(client);
                break;
        }
    }

    private void Fire(string path)
    {
        var fired = new List<Client>();
        _table.Fire(Utf8(path), fired);
        var expected = _model.Keys.Where(key => key.Path == path).ToList();
        Assert.Equal(expected.Select(key => key.Client.Index).Order(), fired.Select(client => client.Index).Order());
        foreach (var key in expected)
            SetModel(key, _model[key] & ~WatchModes.Standard);
    }

    private void FireRecursive(string path)
    {
        var fired = new List<Client>();
        _table.FireRecursive(Utf8(path), fired);
        var expected = _model.Where(pair => pair.Key.Path == path && (pair.Value & WatchModes.PersistentRecursive) != 0).ToList();
        Assert.Equal(expected.Select(pair => pair.Key.Client.Index).Order(), fired.Select(client => client.Index).Order());
        Assert.True(expected.Count == 0 || _table.HasRecursiveOfLength(path.Length));
    }

    // The connection ends; another gets its number.
    private void Replace(Client client)
    {
        _table.RemoveAll(client);
        foreach (var key in _model.Keys.Where(key => key.Client == client).ToList())
            _model.Remove(key);
        _registry.Remove(client);
        _clients[_clients.IndexOf(client)] = _registry.Add("127.0.0.1", null, 0);
    }

    private void Compare()
    {
        Assert.Equal(_model.Count, _table.WatchCount);
        Assert.Equal(_model.Keys.Select(key => key.Path).Distinct().Count(), _table.PathCount);
        Assert.Equal(_model.Keys.Select(key => key.Client).Distinct().Count(), _table.ClientCount);
        Assert.Equal(_model.Values.Count(modes => (modes & WatchModes.PersistentRecursive) != 0), _table.RecursiveCount);
        foreach (var ((path, client), modes) in _model)
        {
            foreach (var mode in Modes)
                Assert.Equal((modes & mode) != 0, _table.Contains(Utf8(path), client, mode));
        }

        foreach (var client in _clients)
        {
            var paths = new List<string>();
            _table.ForEachPath(client, path => paths.Add(Encoding.UTF8.GetString(path)));
            Assert.Equal(_model.Keys.Where(key => key.Client == client).Select(key => key.Path).Order(), paths.Order());
        }
    }

    private void SetModel((string, Client) key, WatchModes modes)
    {
        if (modes == WatchModes.None)
            _model.Remove(key);
        else
            _model[key] = modes;
    }

    private string RandomPath() => _prng.Below(50) == 0 ? "" : new string('/', 1 + (int)_prng.Below(3)) + _prng.Below(40);

    private static byte[] Utf8(string path) => Encoding.UTF8.GetBytes(path);
}
