using System.Text;
using Quoll.Client;
using Quoll.Interop.Servers;
using Quoll.Protocol;
using Quoll.Recipes;

namespace Quoll.Interop.Recipes;

public sealed class SharedValueTests(RecipeServers servers)
{
    private const string Path = "/values/a";

    [Theory]
    [EachServer]
    public async Task A_value_is_set_only_by_who_has_seen_what_it_was(ServerKind kind)
    {
        var root = await servers.CreateRootAsync(kind);
        await using var client = await servers.ConnectAsync(kind, root);
        var value = new SharedValue(client, Path, Bytes("initial"));
        var (data, stat) = await value.GetAsync();
        Assert.Equal("initial", Text(data));

        Assert.True(await value.TrySetAsync(Bytes("next"), stat.Version));
        Assert.False(await value.TrySetAsync(Bytes("late"), stat.Version));

        Assert.Equal("next", Text((await value.GetAsync()).Data));
        Assert.Equal("next!", Text(await value.UpdateAsync(was => Bytes(Text(was) + "!"))));
    }

    [Theory]
    [EachServer]
    public async Task When_an_answer_is_lost_it_is_known_who_set_the_value(ServerKind kind)
    {
        var root = await servers.CreateRootAsync(kind);
        var faults = new FaultyWire();
        await using var client = await faults.ConnectAsync(servers, kind, root);
        await using var other = await servers.ConnectAsync(kind, root);
        var value = new SharedValue(client, Path);
        var version = (await value.GetAsync()).Stat.Version;
        Assert.True(await value.TrySetAsync(Bytes("a"), version));

        // Ours.
        faults.LoseNextAnswerTo(OpCode.Multi);
        Assert.True(await value.TrySetAsync(Bytes("b"), ++version));

        // Another's, who has set the very same.
        await other.SetAsync(Path, Bytes("c"), ++version);
        faults.LoseNextAnswerTo(OpCode.Multi);
        Assert.False(await value.TrySetAsync(Bytes("c"), version));

        Assert.Equal(2, faults.Lost);
        Assert.Equal(version + 1, (await client.GetAsync(Path)).Stat.Version);
    }

    [Theory]
    [EachServer]
    public async Task An_observer_sees_the_last_value_in_whatever_session(ServerKind kind)
    {
        var root = await servers.CreateRootAsync(kind);
        await using var client = await servers.ConnectAsync(kind, root);
        await using var other = await servers.ConnectAsync(kind, root);
        await using var values = new SharedValue(client, Path, Bytes("initial")).ObserveAsync(TestContext.Current.CancellationToken)
            .GetAsyncEnumerator(TestContext.Current.CancellationToken);
        Assert.True(await values.MoveNextAsync());
        Assert.Equal("initial", Text(values.Current.Data));

        await other.SetAsync(Path, Bytes("missed"));
        await other.SetAsync(Path, Bytes("last"));
        await client.SyncAsync(Path);
        Assert.True(await values.MoveNextAsync());
        Assert.Equal("last", Text(values.Current.Data));

        var next = values.MoveNextAsync().AsTask();
        await Faults.EndSessionAsync(client);
        Assert.False(next.IsCompleted);
        await other.SetAsync(Path, Bytes("seen by the next session"));
        Assert.True(await next.WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken));
        Assert.Equal("seen by the next session", Text(values.Current.Data));
    }

    // Curator took a version that is not larger than the one before for old, and never again took a new one.
    [Theory]
    [EachServer]
    public async Task A_version_that_is_less_than_the_one_before_is_a_new_one_CURATOR_688(ServerKind kind)
    {
        var root = await servers.CreateRootAsync(kind);
        await using var client = await servers.ConnectAsync(kind, root);
        await using var other = await servers.ConnectAsync(kind, root);
        var value = new SharedValue(client, Path);
        await using var values = value.ObserveAsync(TestContext.Current.CancellationToken)
            .GetAsyncEnumerator(TestContext.Current.CancellationToken);
        Assert.True(await values.MoveNextAsync());
        for (var n = 0; n < 3; n++)
            await other.SetAsync(Path, Bytes($"{n}"));
        await client.SyncAsync(Path);
        Assert.True(await values.MoveNextAsync());
        Assert.Equal(3, values.Current.Stat.Version);

        await other.CommitAsync(new Transaction().Delete(Path).Create(Path, Bytes("anew")));
        await client.SyncAsync(Path);

        Assert.True(await values.MoveNextAsync());
        Assert.Equal((0, "anew"), (values.Current.Stat.Version, Text(values.Current.Data)));
        Assert.True(await value.TrySetAsync(Bytes("goes on"), values.Current.Stat.Version));
    }

    [Theory]
    [EachServer]
    public async Task What_was_not_told_before_the_session_ended_is_said_to_be_unknown(ServerKind kind)
    {
        var root = await servers.CreateRootAsync(kind);
        var faults = new FaultyWire();
        await using var client = await faults.ConnectAsync(servers, kind, root);
        await using var other = await servers.ConnectAsync(kind, root);
        var value = new SharedValue(client, Path);
        await value.TrySetAsync(Bytes("a"), (await value.GetAsync()).Stat.Version);
        var session = client.Session!;
        faults.Hold();
        faults.LoseNextAnswerTo(OpCode.Multi);
        var setting = value.TrySetAsync(Bytes("b"), 1).AsTask();
        await Deadline.UntilAsync(
            TimeSpan.FromSeconds(30), "it is set", async () => (await other.GetAsync(Path)).Stat.Version == 2);

        await servers.EndSessionAsync(kind, session);
        faults.Mend();

        var e = await Assert.ThrowsAsync<SessionExpiredException>(() => setting);
        Assert.Equal(RequestOutcome.Unknown, e.Outcome);
        Assert.True(await value.TrySetAsync(Bytes("c"), (await value.GetAsync()).Stat.Version));
    }

    private static byte[] Bytes(string text) => Encoding.UTF8.GetBytes(text);

    private static string Text(ReadOnlyMemory<byte> data) => Encoding.UTF8.GetString(data.Span);
}
