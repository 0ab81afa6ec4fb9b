using System.Globalization;
using Quoll.Interop.Crash;
using Quoll.Interop.Servers;

namespace Quoll.Interop.Faults;

/// <summary>
/// The server's process is stopped for longer than sessions live, and goes on. Apache's server may end the sessions of clients that spoke
/// all the time; hence this is not for it.
/// </summary>
[Trait("server", "Quoll")]
public sealed class StoppedServerTests
{
    private const int Writers = 4;
    private const int Idlers = 20;
    private static readonly TimeSpan Stop = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    [Fact]
    public async Task Ten_seconds_without_the_server_cost_no_session_no_write_and_no_order()
    {
        await using var server = await ServerProcess.StartAsync(ServerKind.Quoll, "tickTime=1000", "maxSessionTimeout=4000");
        using var done = new CancellationTokenSource();
        var sessions = new List<RawSession>();
        var idlers = new List<Task>();
        var writers = new List<Task<int>>();
        for (var number = 0; number < Writers + Idlers; number++)
        {
            var session = await RawSession.OpenAsync(server.Port);
            sessions.Add(session);
            Assert.Equal(0, (await session.CreateAsync(Ephemeral(number), "0", flags: 1)).Error);
            if (number < Writers)
                writers.Add(WriteAsync(session, Ephemeral(number), done.Token));
            else
                idlers.Add(SpeakAsync(session, Ephemeral(number), done.Token));
        }

        using var witness = await Witness.OpenAsync(server);
        await UntilWrittenAsync(witness, 50, server);
        server.Suspend();
        await Task.Delay(Stop, TestContext.Current.CancellationToken);
        server.Resume();
        await witness.CheckAsync();
        await UntilWrittenAsync(witness, 1 + (await witness.Session.GetAsync(Ephemeral(0)))!.Version, server);
        await done.CancelAsync();

        await Task.WhenAll(idlers).WaitAsync(Patience, TestContext.Current.CancellationToken);
        var written = await Task.WhenAll(writers).WaitAsync(Patience, TestContext.Current.CancellationToken);
        for (var number = 0; number < sessions.Count; number++)
        {
            var state = await witness.Session.GetAsync(Ephemeral(number));
            Assert.True(state is not null, $"the session of {Ephemeral(number)} was lost\n{server.Output}");
            if (number < Writers)
                Assert.Equal((written[number], written[number].ToString(CultureInfo.InvariantCulture)), (state.Version, state.Data));
        }

        Assert.Contains("did not run for", server.Output, StringComparison.Ordinal);
        sessions.ForEach(session => session.Dispose());
    }

    private static string Ephemeral(int number) => $"/session-{number}";

    private static Task UntilWrittenAsync(Witness witness, int version, ServerProcess server) => Deadline.UntilAsync(
        Patience,
        "the writers have written",
        async () => (await witness.Session.GetAsync(Ephemeral(0)))!.Version >= version,
        () => server.Output);

    // Ten at a time, each on the condition that all before it were done, in their order.
    private static async Task<int> WriteAsync(RawSession session, string path, CancellationToken done)
    {
        var written = 0;
        while (!done.IsCancellationRequested)
        {
            var batch = Enumerable.Range(written, 10)
                .Select(version => session.SetAsync(path, (version + 1).ToString(CultureInfo.InvariantCulture), version)).ToList();
            foreach (var reply in await Task.WhenAll(batch))
                Assert.Equal(0, reply.Error);

            written += batch.Count;
        }

        return written;
    }

    // Whether or not the server answers, as a client's pings.
    private static async Task SpeakAsync(RawSession session, string path, CancellationToken done)
    {
        var answers = new List<Task<ZnodeState?>>();
        while (!done.IsCancellationRequested)
        {
            answers.Add(session.GetAsync(path));
            await Task.Delay(TimeSpan.FromMilliseconds(200), CancellationToken.None);
        }

        foreach (var state in await Task.WhenAll(answers))
            Assert.NotNull(state);
    }
}
