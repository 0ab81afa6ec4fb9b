using Quoll.Client;
using Quoll.Protocol;
using Quoll.Testing;
using Quoll.Tests.Testing;

namespace Quoll.Tests.Docs;

/// <summary>What the code on the pages takes for granted: a server and its clients.</summary>
public abstract class SnippetHost : IAsyncLifetime
{
    private readonly List<ZooKeeperClient> _clients = [];
    private TestEnsemble? _zk;

    protected static CancellationToken Token => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => _zk = await Ensembles.StartAsync();

    public async ValueTask DisposeAsync()
    {
        foreach (var client in _clients)
            await client.DisposeAsync();
        await _zk!.DisposeAsync();
        GC.SuppressFinalize(this);
    }

    protected ZooKeeperClient Connect()
    {
        var client = _zk!.CreateClient();
        _clients.Add(client);
        return client;
    }

    protected void LoseNextAnswerTo(OpCode operation) => _zk!.Faults.DropNextReply(operation);

    /// <summary>Runs what goes on until it is stopped, and stops it when it calls back.</summary>
    protected static async Task UntilCalledAsync(Func<Action, CancellationToken, Task> run)
    {
        using var stopping = CancellationTokenSource.CreateLinkedTokenSource(Token);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => run(stopping.Cancel, stopping.Token));
        Assert.True(stopping.IsCancellationRequested);
    }
}
