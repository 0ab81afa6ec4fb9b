using BenchmarkDotNet.Attributes;
using Quoll.Tests.Core;

namespace Quoll.Benchmarks;

using Client = Quoll.Core.Requests.Client;

/// <summary>A request from its frame to the reply's bytes; a change by way of its log record, with a disk that is done at once.</summary>
public class PeerBenchmarks
{
    private const int Group = 100;
    private static readonly string Kilobyte = new('x', 1024);
    private readonly WarmPeer _host = new();
    private readonly byte[] _ping = WarmPeer.Frame(Ask.Ping);
    private readonly byte[] _exists = WarmPeer.Frame(Ask.Exists("/load/k1"));
    private readonly byte[] _getData = WarmPeer.Frame(Ask.GetData("/load/k1"));
    private readonly byte[] _getChildren = WarmPeer.Frame(Ask.GetChildren("/load"));
    private readonly byte[] _setData = WarmPeer.Frame(Ask.SetData("/load/k1", Kilobyte));
    private readonly byte[] _create = WarmPeer.Frame(Ask.Create("/load/new", new string('x', 100)));
    private readonly byte[] _delete = WarmPeer.Frame(Ask.Delete("/load/new"));
    private Client _client = null!;

    [GlobalSetup]
    public void Setup()
    {
        _client = _host.Connect();
        _host.Take(_client, Ask.Create("/load"));
        for (var i = 0; i < 100; i++)
            _host.Take(_client, Ask.Create($"/load/k{i}", Kilobyte));
    }

    [Benchmark]
    public void Ping() => _host.Take(_client, _ping);

    [Benchmark]
    public void Exists() => _host.Take(_client, _exists);

    [Benchmark]
    public void GetDataOf1Kb() => _host.Take(_client, _getData);

    [Benchmark]
    public void GetChildrenOf100() => _host.Take(_client, _getChildren);

    [Benchmark]
    public void SetDataOf1Kb() => _host.Take(_client, _setData);

    [Benchmark(OperationsPerInvoke = Group)]
    public void SetDataOf1KbInGroups()
    {
        for (var i = 0; i < Group; i++)
            _host.Peer.OnFrame(_client, _setData);
        _host.Settle();
    }

    [Benchmark(OperationsPerInvoke = 2)]
    public void CreateAndDelete()
    {
        _host.Take(_client, _create);
        _host.Take(_client, _delete);
    }
}
