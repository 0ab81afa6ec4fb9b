using Quoll.Interop.Clients;
using Quoll.Interop.Recipes;
using Quoll.Interop.Servers;

namespace Quoll.Interop.Samples;

public sealed class CoordinationTests(RecipeServers servers)
{
    [Theory]
    [EachServer]
    public async Task A_system_hears_of_another_that_it_does_not_know_for_as_long_as_that_lives(ServerKind kind)
    {
        var zookeeper = await servers.ServersAsync(kind);
        using var orders = Start(zookeeper, "system", "orders");
        await orders.ExpectAsync("orders can be heard of");
        using var billing = Start(zookeeper, "system", "billing");
        await orders.ExpectAsync($"orders hears of billing, process {billing.Pid}");
        await billing.ExpectAsync($"billing hears of orders, process {orders.Pid}");

        billing.Suspend();
        await orders.ExpectAsync("orders does not hear of billing any more");
        billing.Resume();
        await orders.ExpectAsync($"orders hears of billing, process {billing.Pid}");
        billing.Kill();
        await orders.ExpectAsync("orders does not hear of billing any more");
        await orders.FinishAsync();
    }

    [Theory]
    [EachServer]
    public async Task Workers_obey_what_the_console_says_also_those_who_come_later(ServerKind kind)
    {
        var zookeeper = await servers.ServersAsync(kind);
        using var console = Start(zookeeper, "console");
        using var east = Start(zookeeper, "push", "east");
        await console.ExpectAsync("worker east obeys order 0: 0 a second");
        console.Send("dance");
        await console.ExpectAsync(line => line.StartsWith("'dance' is no command", StringComparison.Ordinal));
        console.Send("send 3");
        await console.ExpectAsync("worker east obeys order 1: 3 a second");
        await east.ExpectAsync("east pushes messages 1 to 3");

        using var west = Start(zookeeper, "push", "west");
        await console.ExpectAsync("worker west obeys order 1: 3 a second");
        await west.ExpectAsync("west pushes messages 1 to 3");
        east.Kill();
        await console.ExpectAsync(line => line.StartsWith("worker east is gone", StringComparison.Ordinal));

        // The order stands without the console, and another console goes on.
        console.Kill();
        using var other = Start(zookeeper, "console");
        await other.ExpectAsync("worker west obeys order 1: 3 a second");
        other.Send("pause");
        await other.ExpectAsync("worker west obeys order 2: 0 a second");
        await west.FinishAsync();
        await other.ExpectAsync($"worker west is gone, it had pushed {LastOf(west)} messages");
        await other.FinishAsync();
    }

    [Theory]
    [EachServer]
    public async Task The_console_sees_how_far_a_task_is_and_whether_it_was_finished_or_broke_off(ServerKind kind)
    {
        var zookeeper = await servers.ServersAsync(kind);
        using var console = Start(zookeeper, "console");
        using var killed = Start(zookeeper, "task", "backup");
        await console.ExpectAsync("task backup is at 0 %");
        killed.Kill();
        await console.ExpectAsync(line => line.StartsWith("task backup broke off at ", StringComparison.Ordinal));

        using var again = Start(zookeeper, "task", "backup");
        await console.ExpectAsync("task backup is at 0 %");
        await console.ExpectAsync("task backup is finished");
        Assert.Contains("backup has done its work", await again.FinishAsync());
        await console.FinishAsync();
    }

    [Fact]
    public async Task It_shows_itself_by_one_command()
    {
        using var sample = SampleProgram.Start("Coordination");
        sample.Send("send 2");
        var awaited = new HashSet<string>
        {
            "worker west obeys order 1: 2 a second", "worker east obeys order 1: 2 a second", "task backup is finished",
        };
        while (awaited.Count > 0)
            awaited.Remove(await sample.ExpectAsync(awaited.Contains));
        await sample.FinishAsync();
    }

    private static ClientProgram Start(string zookeeper, string role, params string[] arguments) =>
        SampleProgram.Start("Coordination", zookeeper, role, arguments);

    private static string LastOf(ClientProgram worker) =>
        worker.Said.Last(line => line.Contains(" pushes messages ", StringComparison.Ordinal)).Split(' ')[^1];
}
