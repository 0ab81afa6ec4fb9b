using Quoll.Interop.Clients;
using Quoll.Interop.Recipes;
using Quoll.Interop.Servers;

namespace Quoll.Interop.Samples;

public sealed class MembershipTests(RecipeServers servers)
{
    [Theory]
    [EachServer]
    public async Task Everybody_who_joins_leaves_dies_or_freezes_is_told_of(ServerKind kind)
    {
        var zookeeper = await servers.ServersAsync(kind);
        using var monitor = SampleProgram.Start("Membership", zookeeper, "monitor");
        using var anna = Member(zookeeper, "anna");
        await monitor.ExpectAsync($"anna has joined: idle, process {anna.Pid}");
        using var ben = Member(zookeeper, "ben");
        await monitor.ExpectAsync("2 members: anna ben");
        anna.Send("at work");
        await monitor.ExpectAsync($"anna says: at work, process {anna.Pid}");

        // Another of the same name waits until the first is gone.
        using var heir = Member(zookeeper, "anna");
        await heir.ExpectAsync($"anna joins, process {heir.Pid}");
        anna.Kill();
        await heir.ExpectAsync("anna is a member");
        await monitor.ExpectAsync(line => line.EndsWith($"idle, process {heir.Pid}", StringComparison.Ordinal));

        ben.Suspend();
        await monitor.ExpectAsync("1 members: anna");
        ben.Resume();
        await monitor.ExpectAsync($"ben has joined: idle, process {ben.Pid}");

        await heir.FinishAsync();
        await monitor.ExpectAsync(line => line.StartsWith("anna has left; ", StringComparison.Ordinal));
        await ben.FinishAsync();
        await monitor.ExpectAsync("0 members: ");
        await monitor.FinishAsync();
    }

    [Fact]
    public async Task It_shows_itself_by_one_command()
    {
        using var sample = SampleProgram.Start("Membership");
        await sample.ExpectAsync("4 members: anna ben cleo dan");
        await sample.ExpectAsync(line => line.Contains(" says: at work on task ", StringComparison.Ordinal));
        await sample.FinishAsync();
    }

    private static ClientProgram Member(string zookeeper, string name) => SampleProgram.Start("Membership", zookeeper, "member", name);
}
