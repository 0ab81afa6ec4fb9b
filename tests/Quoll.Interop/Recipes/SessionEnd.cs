using Quoll.Client;
using Quoll.Interop.Servers;

namespace Quoll.Interop.Recipes;

/// <summary>Ends a client's session under it, at a moment of the test's choosing: by closing it from another client.</summary>
internal static class SessionEnd
{
    public static async Task EndSessionAsync(this ZooKeeperClient client, RecipeServers servers, ServerKind kind)
    {
        var session = client.Session!;
        await CloseAsync(servers, kind, session);
        var ended = new TaskCompletionSource();
        await using var registration = session.Ended.Register(() => ended.TrySetResult());
        await ended.Task.WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken);
    }

    /// <summary>Closes a session from another client.</summary>
    public static async Task CloseAsync(RecipeServers servers, ServerKind kind, ZooKeeperSession session)
    {
        var other = await ZooKeeperClient.ConnectAsync(new ZooKeeperClientOptions
        {
            ConnectionString = await servers.AddressesAsync(kind),
            SessionTimeout = session.Timeout,
            ResumeSession = (session.Id, session.Password),
        });
        Assert.Equal(session.Id, other.Session!.Id);
        await other.DisposeAsync();
    }
}
