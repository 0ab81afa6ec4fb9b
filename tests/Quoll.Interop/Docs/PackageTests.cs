using Quoll.Interop.Clients;
using Quoll.Interop.Recipes;
using Quoll.Interop.Servers;

namespace Quoll.Interop.Docs;

/// <summary>Tried as a new user would.</summary>
public sealed class PackageTests(RecipeServers servers, NewUser user) : IClassFixture<NewUser>
{
    [Theory]
    [EachServer]
    public async Task The_program_of_the_readme_holds_a_lock_with_packages_from_a_feed_of_ones_own(ServerKind kind) =>
        await HoldsALockAsync(await user.ProgramAsync(), kind);

    [Theory]
    [EachServer]
    public async Task A_trimmed_program_with_its_own_runtime_is_published_without_a_warning_and_runs(ServerKind kind) =>
        await HoldsALockAsync(await user.TrimmedAsync(), kind);

    private async Task HoldsALockAsync(string program, ServerKind kind)
    {
        var root = await servers.CreateRootAsync(kind);
        using var run = ClientProgram.Start(program, await servers.AddressesAsync(kind) + root);
        var said = Assert.Single(await run.FinishAsync());
        Assert.StartsWith("/locks/report/", said, StringComparison.Ordinal);
        await using var client = await servers.ConnectAsync(kind, root);
        Assert.Equal("written under the lock"u8.ToArray(), (await client.GetAsync("/report")).Data);
        Assert.Empty((await client.GetChildrenAsync("/locks/report")).Names);
    }
}
