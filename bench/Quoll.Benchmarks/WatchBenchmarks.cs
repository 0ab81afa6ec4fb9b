using BenchmarkDotNet.Attributes;
using Quoll.Tests.Core;

namespace Quoll.Benchmarks;

using Client = Quoll.Core.Requests.Client;

/// <summary>One change that so many connections watch for, from the change's frame to the events' bytes.</summary>
public class WatchBenchmarks
{
    private readonly WarmPeer _host = new();
    private readonly byte[] _change = WarmPeer.Frame(Ask.SetData("/watched", "x"));
    private Client _client = null!;

    [Params(0, 1, 100, 10_000)]
    public int Watchers { get; set; }

    [GlobalSetup]
    public void Setup()
    {
        _client = _host.Connect();
        _host.Take(_client, Ask.Create("/watched"));
        for (var i = 0; i < Watchers; i++)
            _host.Take(_host.Connect(), Ask.AddWatch("/watched", 0));
    }

    [Benchmark]
    public void FireAll() => _host.Take(_client, _change);
}

/// <summary>A change so many levels below a znode that is watched with all below it.</summary>
public class RecursiveWatchBenchmarks
{
    private readonly WarmPeer _host = new();
    private byte[] _change = [];
    private Client _client = null!;

    [Params(1, 10, 100)]
    public int Levels { get; set; }

    [GlobalSetup]
    public void Setup()
    {
        _client = _host.Connect();
        _host.Take(_host.Connect(), Ask.AddWatch("/", 1));
        var path = "";
        for (var i = 0; i < Levels; i++)
            _host.Take(_client, Ask.Create(path += "/level"));
        _change = WarmPeer.Frame(Ask.SetData(path, "x"));
    }

    [Benchmark]
    public void FireFromBelow() => _host.Take(_client, _change);
}
