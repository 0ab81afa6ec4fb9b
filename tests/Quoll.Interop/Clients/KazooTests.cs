using Quoll.Interop.Servers;

namespace Quoll.Interop.Clients;

/// <summary>Python's client and its recipes.</summary>
public sealed class KazooTests
{
    [Theory, EachServer]
    public async Task Kazoo_creates_reads_watches_guards_and_commits(ServerKind kind)
    {
        await using var server = await ServerProcess.StartAsync(kind);
        using var client = ClientProgram.Python("kazoo_basics.py", server.Address);

        await client.FinishWithStepsAsync("kinds", "stats", "errors", "watches", "acls", "transactions", "close");
    }

    [Theory, EachServer]
    public async Task Kazoo_recipes_coordinate_three_clients(ServerKind kind)
    {
        await using var server = await ServerProcess.StartAsync(kind);
        using var client = ClientProgram.Python("kazoo_recipes.py", server.Address);

        await client.FinishWithStepsAsync("lock", "election", "barrier", "double-barrier", "counter", "queue", "party");
    }

    [Theory, EachServer]
    public async Task A_kazoo_session_with_its_ephemerals_and_watches_outlives_a_restart(ServerKind kind)
    {
        await using var server = await ServerProcess.StartAsync(kind);
        using var client = ClientProgram.Python("kazoo_restart.py", server.Address);

        await client.ExpectAsync("ready-for-restart");
        await server.RestartUnderAsync(client);

        await client.FinishWithStepsAsync("before", "session", "watches", "close");
    }

    [Theory, EachServer]
    public async Task Another_kazoo_client_sees_the_ephemerals_of_a_dead_session_go(ServerKind kind)
    {
        await using var server = await ServerProcess.StartAsync(kind);
        using var client = ClientProgram.Python("kazoo_expiry.py", server.Address);

        await client.FinishWithStepsAsync("killed", "slept", "alive");
    }
}
