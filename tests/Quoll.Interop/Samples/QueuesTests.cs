using Quoll.Interop.Clients;
using Quoll.Interop.Recipes;
using Quoll.Interop.Servers;

namespace Quoll.Interop.Samples;

public sealed class QueuesTests(RecipeServers servers)
{
    [Theory]
    [EachServer]
    public async Task Items_are_completed_in_order_and_that_of_a_consumer_who_dies_or_freezes_goes_to_another(ServerKind kind)
    {
        var zookeeper = await servers.ServersAsync(kind);
        using var producer = Start(zookeeper, "produce", "anna", "40");
        using var dying = Start(zookeeper, "consume", "dying", "600");
        await dying.ExpectAsync("dying has anna-001");
        using var freezing = Start(zookeeper, "consume", "freezing", "600");
        await freezing.ExpectAsync("freezing has anna-002");

        // Whose items are not completed are in the queue until others have done them.
        using var able = Start(zookeeper, "consume", "able", "0");
        await able.ExpectAsync("able has completed anna-040");
        await producer.ExpectAsync("anna-040 was put in");
        dying.Kill();
        await able.ExpectAsync("able has completed anna-001");
        freezing.Suspend();
        await able.ExpectAsync("able has completed anna-002");
        freezing.Resume();
        await freezing.ExpectAsync("freezing has lost anna-002: another gets it");

        await freezing.FinishAsync();
        var completed = (await able.FinishAsync()).Where(line => line.Contains(" has completed ", StringComparison.Ordinal));
        Assert.Equal([.. Enumerable.Range(3, 38), 1, 2], completed.Select(line => int.Parse(line.Split('-')[1])));
    }

    [Theory]
    [EachServer]
    public async Task A_queue_of_three_begins_when_three_are_there_and_the_next_when_these_have_gone(ServerKind kind)
    {
        var zookeeper = await servers.ServersAsync(kind);
        using var first = new Gathering(zookeeper, "anna", "ben", "cleo");
        var begun = await first.BegunAsync();
        using var next = new Gathering(zookeeper, "dan", "eva", "finn");
        foreach (var guest in first.Guests)
            await guest.FinishAsync();
        Assert.Equal(["anna", "ben", "cleo"], begun.Order());
        Assert.Equal(["dan", "eva", "finn"], (await next.BegunAsync()).Order());
    }

    [Fact]
    public async Task It_shows_itself_by_one_command()
    {
        using var sample = SampleProgram.Start("Queues");
        await sample.ExpectAsync(line => line.Contains(" has completed ", StringComparison.Ordinal));
        await sample.ExpectAsync(line => line.Contains(" begins as number 4 of 4: ", StringComparison.Ordinal));
        await sample.FinishAsync();
    }

    private static ClientProgram Start(string zookeeper, string role, params string[] arguments) =>
        SampleProgram.Start("Queues", zookeeper, role, arguments);

    private sealed class Gathering(string zookeeper, params string[] names) : IDisposable
    {
        public List<ClientProgram> Guests { get; } = [.. names.Select(name => Start(zookeeper, "gather", name, $"{names.Length}"))];

        /// <summary>Who is there, in their order, of which all say the same.</summary>
        public async Task<string[]> BegunAsync()
        {
            var lists = new string[names.Length];
            foreach (var guest in Guests)
            {
                var line = await guest.ExpectAsync(said => said.Contains(" begins as number ", StringComparison.Ordinal));
                lists[int.Parse(line.Split(' ')[4]) - 1] = line.Split(": ")[1];
            }

            return Assert.Single(lists.Distinct()).Split(' ');
        }

        public void Dispose() => Guests.ForEach(guest => guest.Dispose());
    }
}
