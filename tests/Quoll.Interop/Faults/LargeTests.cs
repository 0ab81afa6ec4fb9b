using System.Globalization;
using Quoll.Interop.Crash;
using Quoll.Interop.Servers;

namespace Quoll.Interop.Faults;

/// <summary>Answers and transactions beyond what a frame may be (<c>jute.maxbuffer</c>).</summary>
public sealed class LargeTests
{
    private const string ChildrenVariable = "QUOLL_CHILDREN";
    private const int DefaultChildren = 20_000;
    private const int Ephemerals = 50_000;

    // So long that all paths together are more than a reader of logs accepts, which is about two megabytes.
    private const int NameLength = 60;

    [Theory, EachServer]
    public async Task A_list_of_children_is_answered_whole_however_long_it_is(ServerKind kind)
    {
        await using var server = await ServerProcess.StartAsync(kind, "forceSync=no");
        using var witness = await Witness.OpenAsync(server);
        using var client = await WireClient.OpenAsync(server.Port);
        Assert.Equal(0, (await client.CreateAsync("/many", [])).Error);
        await CreateManyAsync(client, "/many", Children, flags: 0);

        foreach (var opcode in (int[])[8, 12])
        {
            var reply = await client.CallAsync(opcode, body => body.String("/many").Bool(false));
            Assert.Equal((0, Children), (reply.Error, new JuteParser(reply.Body.Span).Int()));
            Assert.InRange(reply.Body.Length, Children * (4 + NameLength), int.MaxValue);
        }

        await witness.CheckAsync();
    }

    [Theory]
    [Trait("server", "Quoll")]
    [InlineData(false)]
    [InlineData(true)]
    public async Task The_ephemerals_of_a_session_go_all_at_once_however_many_there_are(bool expires)
    {
        await using var server = await ServerProcess.StartAsync(ServerKind.Quoll, "tickTime=500", "minSessionTimeout=1000");
        using var witness = await Witness.OpenAsync(server);
        using var watcher = await WireClient.OpenAsync(server.Port);
        var owner = await WireClient.OpenAsync(server.Port, timeout: expires ? 2000 : 10_000);
        Assert.Equal(0, (await watcher.CreateAsync("/crowd", [])).Error);
        await CreateManyAsync(owner, "/crowd", Ephemerals, flags: 1);
        Assert.Equal(0, (await watcher.CallAsync(106, body => body.String("/crowd").Int(1))).Error);

        if (!expires)
            await owner.EndSessionAsync();

        for (var events = 0; events < Ephemerals; events++)
            Assert.Equal(-1, new JuteParser(await watcher.ReadFrameAsync() ?? throw new IOException("closed")).Int());

        Assert.Empty(await witness.Session.ChildrenAsync("/crowd"));
        await witness.CheckAsync();
        owner.Dispose();

        // The log has it in a form that this server, Apache's server and learners can read.
        await server.StopAsync();
        await server.StartAsync();
        await AssertEmptyAsync(server);
        await server.HandOverToAsync(ServerKind.Apache);
        await AssertEmptyAsync(server);
    }

    private static int Children =>
        int.TryParse(Environment.GetEnvironmentVariable(ChildrenVariable), CultureInfo.InvariantCulture, out var children)
            ? children
            : DefaultChildren;

    private static async Task AssertEmptyAsync(ServerProcess server)
    {
        using var session = await RawSession.OpenAsync(server.Port);
        Assert.Empty(await session.ChildrenAsync("/crowd"));
        Assert.Equal("1", (await session.GetAsync("/witness"))!.Data);
    }

    private static async Task CreateManyAsync(WireClient client, string parent, int count, int flags)
    {
        foreach (var some in Enumerable.Range(0, count).Chunk(500))
        {
            await client.SendAsync(some.SelectMany(number => Create(client, $"{parent}/{Name(number)}", flags)).ToArray());
            foreach (var _ in some)
                Assert.Equal(0, (await client.ReadReplyAsync()).Error);
        }
    }

    private static byte[] Create(WireClient client, string path, int flags) =>
        client.Frame(1, body => body.String(path).Buffer([]).OpenAcl().Int(flags));

    private static string Name(int number) => number.ToString(CultureInfo.InvariantCulture).PadLeft(NameLength, 'n');
}
