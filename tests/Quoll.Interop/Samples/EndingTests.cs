using System.Diagnostics;
using System.Globalization;
using System.Text.RegularExpressions;
using Quoll.Interop.Clients;
using Quoll.Interop.Recipes;
using Quoll.Interop.Servers;

namespace Quoll.Interop.Samples;

/// <summary>How a demonstration begins on servers of others, and that it leaves nothing behind, which all samples have in common.</summary>
public sealed partial class EndingTests(RecipeServers servers)
{
    private static readonly TimeSpan EndsWithin = TimeSpan.FromSeconds(20);

    [Fact]
    public Task Told_to_end_it_leaves_no_process_behind_not_even_one_that_was_stopped() => EndAsync(sample => sample.Terminate());

    [Fact]
    public Task Its_terminal_closed_it_leaves_no_process_behind() => EndAsync(sample => sample.HangUp());

    [Fact]
    public async Task Ctrl_C_at_its_terminal_reaches_all_processes_and_none_of_them_fails()
    {
        using var sample = SampleProgram.StartDemonstration("MailCollectors");
        await sample.ExpectAsync(line => line.StartsWith("20 workers, 100000 accounts", StringComparison.Ordinal));
        foreach (var pid in ProcFiles.Children(sample.Pid).Append(sample.Pid))
        {
            using var process = Process.GetProcessById(pid);
            Signals.Interrupt(process);
        }

        await sample.FinishAsync();
        Assert.DoesNotContain("Unhandled exception", $"{sample}", StringComparison.Ordinal);
    }

    [Theory]
    [EachServer]
    public async Task A_path_at_the_end_of_the_address_need_not_be_there(ServerKind kind)
    {
        var zookeeper = await servers.ServersAsync(kind);
        using var sample = SampleProgram.StartDemonstration("Membership", $"{zookeeper}/of/samples");
        await sample.ExpectAsync("4 members: anna ben cleo dan");
        sample.Terminate();
        Assert.NotNull(await sample.FinishAsync());
    }

    [Fact]
    public async Task Where_no_server_answers_it_says_so_and_starts_nothing()
    {
        using var sample = SampleProgram.StartDemonstration("Membership", $"127.0.0.1:{LoopbackPorts.Free()}/path");
        Assert.Equal(1, await sample.EndAsync());
        Assert.Matches(@"^No server of '127\.0\.0\.1:\d+' gave a session within 5 s\. .*Connection refused$", $"{sample}");
    }

    private static async Task EndAsync(Action<ClientProgram> tell)
    {
        using var sample = SampleProgram.StartDemonstration("Locks");
        var writers = new List<int>();
        while (writers.Count < 4)
            writers.Add(Number(await sample.ExpectAsync(line => Started().IsMatch(line))));
        await sample.ExpectAsync(line => line.EndsWith(" has written the report", StringComparison.Ordinal));
        using (var stopped = Process.GetProcessById(writers[1]))
            Signals.Suspend(stopped);

        tell(sample);
        await sample.EndAsync();
        await Deadline.UntilAsync(
            EndsWithin, "all writers have ended", () => Task.FromResult(!writers.Exists(pid => Directory.Exists($"/proc/{pid}"))));
    }

    private static int Number(string line) => int.Parse(Started().Match(line).Groups[1].Value, CultureInfo.InvariantCulture);

    [GeneratedRegex(@"^started \w+, process (\d+)$")]
    private static partial Regex Started();
}
