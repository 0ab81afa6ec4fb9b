using System.Text;
using BenchmarkDotNet.Attributes;
using Quoll.Core;
using Quoll.Core.Tree;
using Quoll.Protocol.Records;

namespace Quoll.Benchmarks;

/// <summary>The tables of znodes: 200,000 of 100 bytes in 1,000 parents.</summary>
public class TreeBenchmarks
{
    private const int Parents = 1000;
    private const int Znodes = 200_000;
    private static readonly StatPersisted Stat = new(1, 1, 1, 1, 0, 0, 0, 0, 1);
    private readonly DataTree _tree = new(new PeerOptions());
    private readonly byte[][] _paths = new byte[Znodes][];
    private readonly byte[] _data = new byte[100];
    private readonly byte[] _added = "/p0000/added"u8.ToArray();
    private int _next;

    [GlobalSetup]
    public void Setup()
    {
        for (var i = 0; i < Parents; i++)
            _tree.Add(DataTree.Root, Encoding.UTF8.GetBytes($"/p{i:d4}"), default, false, AclTable.OpenToAll, Stat);
        for (var i = 0; i < Znodes; i++)
        {
            _paths[i] = Encoding.UTF8.GetBytes($"/p{i % Parents:d4}/n{i:d8}");
            _tree.Add(_tree.Find(_paths[i].AsSpan(0, 6)), _paths[i], _data, false, AclTable.OpenToAll, Stat);
        }
    }

    [Benchmark]
    public int Find() => _tree.Find(NextPath());

    [Benchmark]
    public int FindNothing() => _tree.Find("/p0001/nothing"u8);

    [Benchmark]
    public void SetData()
    {
        var path = NextPath();
        _tree.SetData(_tree.Find(path), path, _data, false, 1, 2, 3);
    }

    [Benchmark]
    public void AddAndRemove() => _tree.Remove(_tree.Add(_tree.Find("/p0000"u8), _added, _data, false, AclTable.OpenToAll, Stat), _added);

    [Benchmark]
    public ulong DigestOfOne() => _tree.DigestOf(_tree.Find(_paths[7]), _paths[7]);

    // Steps through all of them in an order that caches do not guess.
    private byte[] NextPath() => _paths[_next = (_next + 104_729) % Znodes];
}
