using System.Globalization;
using Quoll.Interop.Clients;
using Quoll.Interop.Servers;

namespace Quoll.Interop.Exchange;

/// <summary>A data directory that one server wrote and another one takes over, and hands back.</summary>
public sealed class DiskExchangeTests
{
    private const string Filler = "/filler";

    [Theory, EachExchange]
    public async Task A_directory_handed_over_holds_the_same_tree_and_the_same_sessions(
        ServerKind writer, ServerKind reader, ExchangeForm form)
    {
        await using var server = await ServerProcess.StartAsync(writer, form.Settings());
        var written = await WriteAsync(server, form);
        await CheckDigestAsync(server);
        var before = await DumpAsync(server, form);

        await server.StopAsync();
        form.Trim(server.VersionDirectory, written.Mark);
        await server.HandOverToAsync(reader);
        AssertSame(before, await DumpAsync(server, form), server);

        using (var resume = ClientProgram.Python("exchange_resume.py", [server.Address, .. written.Sessions]))
            await resume.FinishWithStepsAsync("resumed");
        await CheckDigestAsync(server);

        before = await DumpAsync(server, form);
        await server.HandOverToAsync(writer);
        AssertSame(before, await DumpAsync(server, form), server);
    }

    private static async Task<(string[] Sessions, long Mark)> WriteAsync(ServerProcess server, ExchangeForm form)
    {
        string[] untilSnapshot = form.HasSnapshot() ? [server.VersionDirectory] : [];
        using var writer = ClientProgram.Python("exchange_write.py", [server.Address, .. untilSnapshot]);
        var said = (await writer.FinishAsync()).Select(line => line.Split(' ')).ToList();
        var sessions = said.Where(words => words[0] == "session").SelectMany(words => words[1..]).ToArray();
        var mark = said.Single(words => words[0] == "mark")[1];
        return (sessions, long.Parse(mark, CultureInfo.InvariantCulture));
    }

    private static async Task<IReadOnlyList<string>> DumpAsync(ServerProcess server, ExchangeForm form)
    {
        // A snapshot without its log is older than the filler's last changes.
        string[] leftOut = form.HasLog() ? [] : [Filler];
        using var dump = ClientProgram.Python("dump_tree.py", [server.Address, .. leftOut]);
        return await dump.FinishAsync();
    }

    private static async Task CheckDigestAsync(ServerProcess server)
    {
        using var check = ClientProgram.Python("check_digest.py", server.Address);
        await check.FinishWithStepsAsync("digest");
    }

    private static void AssertSame(IReadOnlyList<string> before, IReadOnlyList<string> after, ServerProcess server)
    {
        Assert.True(before.Count > 100, "the tree is there");
        var gone = before.Except(after).Take(10).ToList();
        var come = after.Except(before).Take(10).ToList();
        Assert.True(
            gone.Count == 0 && come.Count == 0,
            $"before only:\n{string.Join('\n', gone)}\nafter only:\n{string.Join('\n', come)}\n{server.Output}");
    }
}
