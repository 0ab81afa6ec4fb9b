using Quoll.Client;
using Quoll.Interop.Ensembles;
using Quoll.Interop.Servers;

namespace Quoll.Interop.Sessions;

/// <summary>Servers for a test that kills them: one of Apache's, which comes back, or three of ours, of which two are left.</summary>
internal sealed class MortalServers : IAsyncDisposable
{
    private readonly ServerProcess? _apache;
    private readonly EnsembleRun? _ensemble;

    private MortalServers(ServerProcess? apache, EnsembleRun? ensemble) => (_apache, _ensemble) = (apache, ensemble);

    public string Addresses => _ensemble?.Addresses ?? _apache!.Address;

    public static async Task<MortalServers> StartAsync(ServerKind kind) => kind == ServerKind.Apache
        ? new MortalServers(await ServerProcess.StartAsync(kind), null)
        : new MortalServers(null, await EnsembleRun.StartAsync([kind, kind, kind]));

    /// <summary>The one that a client is connected to.</summary>
    public ServerProcess ServerOf(ZooKeeperClient client) =>
        _apache ?? _ensemble!.Servers.Single(server => server.Address == client.State.Server);

    /// <summary>Stops the one that a client is connected to where it stands.</summary>
    public ServerProcess Suspend(ZooKeeperClient client)
    {
        var server = ServerOf(client);
        server.Suspend();
        return server;
    }

    /// <summary>Starts one again that was killed.</summary>
    public async Task RestartAsync(ServerProcess server)
    {
        server.Begin();
        if (_ensemble is null)
            await server.UntilServingAsync();
        else
            await _ensemble.AgreeAsync();
    }

    public ValueTask DisposeAsync() => _ensemble?.DisposeAsync() ?? _apache!.DisposeAsync();
}
