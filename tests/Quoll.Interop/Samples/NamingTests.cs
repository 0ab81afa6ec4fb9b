using Quoll.Interop.Recipes;
using Quoll.Interop.Servers;

namespace Quoll.Interop.Samples;

public sealed class NamingTests(RecipeServers servers)
{
    [Theory]
    [EachServer]
    public async Task Instances_are_found_by_their_name_and_called_by_turns_until_they_die(ServerKind kind)
    {
        var zookeeper = await servers.ServersAsync(kind);
        using var caller = SampleProgram.Start("Naming", zookeeper, "call", "orders");
        await caller.ExpectAsync("orders is served by 0: ");
        using var first = SampleProgram.Start("Naming", zookeeper, "serve", "orders");
        using var second = SampleProgram.Start("Naming", zookeeper, "serve", "orders");
        using var stock = SampleProgram.Start("Naming", zookeeper, "serve", "stock");
        await stock.ExpectAsync(line => line.StartsWith("stock serves", StringComparison.Ordinal));
        await caller.ExpectAsync($"orders is served by 2: {Listed(first.Pid, second.Pid)}");
        await caller.ExpectAsync($"answered by process {first.Pid}");
        await caller.ExpectAsync($"answered by process {second.Pid}");

        first.Kill();
        await caller.ExpectAsync($"orders is served by 1: {second.Pid}");
        using var third = SampleProgram.Start("Naming", zookeeper, "serve", "orders");
        await caller.ExpectAsync($"orders is served by 2: {Listed(second.Pid, third.Pid)}");
        await caller.ExpectAsync($"answered by process {third.Pid}");

        // One that ends in order is not listed any more at once.
        await third.FinishAsync();
        await caller.ExpectAsync($"orders is served by 1: {second.Pid}");
        await caller.FinishAsync();
        Assert.DoesNotContain(caller.Said, line => line == $"answered by process {stock.Pid}");
    }

    [Fact]
    public async Task It_shows_itself_by_one_command()
    {
        using var sample = SampleProgram.Start("Naming");
        await sample.ExpectAsync(line => line.StartsWith("orders is served by 3: ", StringComparison.Ordinal));
        await sample.ExpectAsync(line => line.StartsWith("answered by process ", StringComparison.Ordinal));
        await sample.FinishAsync();
    }

    private static string Listed(params int[] pids) => string.Join(' ', pids.Select(pid => $"{pid}").Order());
}
