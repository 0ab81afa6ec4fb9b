using System.Globalization;
using Quoll.Cli.Shell;
using Quoll.Client;

namespace Quoll.Cli.Bench;

/// <summary>The sessions that ask, and the znodes that are asked for; those are gone when it is disposed of.</summary>
internal sealed class BenchTarget : IAsyncDisposable
{
    private readonly ZooKeeperClient[] _clients;
    private readonly BenchPlan _plan;
    private readonly string _root;
    private readonly string[] _paths;
    private readonly byte[] _data;
    private long _created;

    private BenchTarget(ZooKeeperClient[] clients, BenchPlan plan, string root)
    {
        (_clients, _plan, _root) = (clients, plan, root);
        _paths = [.. Enumerable.Range(0, plan.Znodes).Select(number => $"{root}/z{number.ToString(CultureInfo.InvariantCulture)}")];
        _data = new byte[plan.Size];
        new Random(1).NextBytes(_data);
    }

    /// <summary>Connects the sessions and makes the znodes.</summary>
    public static async Task<BenchTarget> OpenAsync(ZooKeeperClientOptions options, BenchPlan plan, string parent, CancellationToken stop)
    {
        var root = Subtree.Join(parent, $"quoll-bench-{Guid.NewGuid():N}"[..20]);
        var target = new BenchTarget([.. Enumerable.Range(0, plan.Sessions).Select(_ => new ZooKeeperClient(options))], plan, root);
        try
        {
            foreach (var client in target._clients)
                await client.GetSessionAsync(stop);
            await target._clients[0].CreateAsync(root, cancellationToken: stop);
            await target._clients[0].CreateAsync($"{root}/new", cancellationToken: stop);
            var writes = new OrderedWrites();
            foreach (var path in target._paths)
                await writes.AddAsync(target._clients[0].CreateAsync(path, target._data, cancellationToken: stop).AsTask());
            await writes.FinishAsync();
            return target;
        }
        catch
        {
            await target.DisposeAsync();
            throw;
        }
    }

    /// <summary>Makes a request.</summary>
    /// <param name="operation">Which.</param>
    /// <param name="number">The how manieth it is: who makes it and of which znode follow from that.</param>
    public async ValueTask AskAsync(BenchOperation operation, long number)
    {
        var client = _clients[number % _clients.Length];

        // Far apart for neighbours, and each as often as the others.
        var hash = (ulong)number * 0x9E37_79B9_7F4A_7C15;
        var path = _paths[(int)((hash >>> 20) % (ulong)_paths.Length)];
        switch (operation)
        {
            case BenchOperation.Create:
                var next = Interlocked.Increment(ref _created);
                await client.CreateAsync(Created(next), _data);
                break;
            case BenchOperation.Set:
            case BenchOperation.Mixed when (int)((hash >>> 40) % 100) < _plan.Writes:
                await client.SetAsync(path, _data);
                break;
            default:
                await client.GetAsync(path);
                break;
        }
    }

    /// <summary>Takes away the znodes, and ends the sessions; also when it was stopped.</summary>
    public async ValueTask DisposeAsync()
    {
        try
        {
            if (_clients[0].Session is not null)
                await DeleteAsync();
        }
        finally
        {
            foreach (var client in _clients)
                await client.DisposeAsync();
        }
    }

    private async Task DeleteAsync()
    {
        var (client, writes) = (_clients[0], new OrderedWrites());
        for (var number = 1L; number <= Interlocked.Read(ref _created); number++)
            await writes.AddAsync(client.TryDeleteAsync(Created(number)).AsTask());
        foreach (var path in _paths.Append($"{_root}/new").Append(_root))
            await writes.AddAsync(client.TryDeleteAsync(path).AsTask());
        await writes.FinishAsync();
    }

    private string Created(long number) => string.Create(CultureInfo.InvariantCulture, $"{_root}/new/{number}");
}
