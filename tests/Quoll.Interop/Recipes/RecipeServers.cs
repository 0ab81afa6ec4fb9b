using System.Runtime.CompilerServices;
using Quoll.Client;
using Quoll.Interop.Ensembles;
using Quoll.Interop.Recipes;
using Quoll.Interop.Servers;

[assembly: AssemblyFixture(typeof(RecipeServers))]

namespace Quoll.Interop.Recipes;

/// <summary>What client and recipes are tried against: Apache's server, and three servers of ours. Started by whoever needs them
/// first.</summary>
public sealed class RecipeServers : IAsyncDisposable
{
    private readonly Lazy<Task<ServerProcess>> _apache = new(() => ServerProcess.StartAsync(ServerKind.Apache));
    private readonly Lazy<Task<EnsembleRun>> _quoll =
        new(() => EnsembleRun.StartAsync([ServerKind.Quoll, ServerKind.Quoll, ServerKind.Quoll]));
    private int _roots;

    /// <summary>A client of its own, whose paths are below a znode that nobody else uses.</summary>
    public async Task<ZooKeeperClient> ConnectAsync(ServerKind kind, string root)
    {
        var client = await ZooKeeperClient.ConnectAsync(new ZooKeeperClientOptions
        {
            ConnectionString = await AddressesAsync(kind) + root,
            SessionTimeout = TimeSpan.FromSeconds(10),
        });
        return client;
    }

    /// <summary>Servers as a connection string has them.</summary>
    public async Task<string> AddressesAsync(ServerKind kind) =>
        kind == ServerKind.Apache ? (await _apache.Value).Address : (await _quoll.Value).Addresses;

    /// <summary>A znode for one test alone.</summary>
    public async Task<string> CreateRootAsync(ServerKind kind, [CallerMemberName] string test = "")
    {
        var root = $"/{test}-{Interlocked.Increment(ref _roots)}";
        await using var client = await ZooKeeperClient.ConnectAsync(await AddressesAsync(kind));
        await client.CreateAsync(root);
        return root;
    }

    /// <summary>Ends somebody's session by taking it over and closing it: he learns of it when he next hears from a server.</summary>
    public async Task EndSessionAsync(ServerKind kind, ZooKeeperSession session)
    {
        var thief = await ZooKeeperClient.ConnectAsync(new ZooKeeperClientOptions
        {
            ConnectionString = await AddressesAsync(kind),
            ResumeSession = (session.Id, session.Password),
        });
        await thief.DisposeAsync();
    }

    public async ValueTask DisposeAsync()
    {
        if (_apache.IsValueCreated)
            await (await _apache.Value).DisposeAsync();
        if (_quoll.IsValueCreated)
            await (await _quoll.Value).DisposeAsync();
    }
}
