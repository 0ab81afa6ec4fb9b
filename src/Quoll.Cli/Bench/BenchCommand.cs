using System.CommandLine;
using System.Globalization;
using Quoll.Cli.Shell;

namespace Quoll.Cli.Bench;

/// <summary><c>quoll bench</c>: how many requests servers answer, and how soon.</summary>
internal static class BenchCommand
{
    private static readonly double[] Percents = [50, 90, 99, 99.9, 99.99];

    public static Command Create(ShellContext shell)
    {
        var operations = new Argument<BenchOperation[]>("operation")
        {
            Arity = ArgumentArity.ZeroOrMore,
            Description = "get, set, create or mixed; all of them by default.",
            HelpName = "get|set|create|mixed",
        };
        var sessions = Number("--sessions", "Sessions, each with a connection of its own.", 8);
        var outstanding = Number("--outstanding", "Requests that each session has under way when as many are made as go.", 64);
        var seconds = Number("--seconds", "How long each measurement takes, behind a tenth of it to warm up.", 10);
        var znodes = Number("--znodes", "Znodes that are read and set.", 1000);
        var size = Number("--size", "Bytes of data of each.", 100);
        var writes = Number("--writes", "How many of a hundred requests are sets, where they are mixed.", 10);
        var rate = new Option<double?>("--rate")
        {
            Description = "Requests a second at which latency is measured; by default half of as many as go.",
            HelpName = "requests",
        };
        var path = new Option<string>("--path") { Description = "Below which znode to work.", DefaultValueFactory = _ => "/" };
        var command = new Command(
            "bench",
            "Measure how many requests the servers answer, and how soon, at a rate that does not wait for them.\n"
            + "quoll bench get set --server zk1:2181,zk2:2181 --seconds 30 -o json")
        {
            operations, sessions, outstanding, seconds, rate, znodes, size, writes, path,
        };
        shell.SetAction(command, async invocation =>
        {
            var plan = new BenchPlan(
                Within(invocation, sessions, 1, 10_000), Within(invocation, outstanding, 1, 10_000),
                TimeSpan.FromSeconds(Within(invocation, seconds, 1, 86_400)), invocation.Get(rate))
            {
                Znodes = Within(invocation, znodes, 1, 10_000_000),
                Size = Within(invocation, size, 0, 1_000_000),
                Writes = Within(invocation, writes, 0, 100),
            };
            if (plan.Rate is <= 0 or > 10_000_000)
                throw new UsageException("--rate must lie between 0 and 10000000.");
            var options = shell.Settings.Client(invocation.Parsed);
            invocation.Console.Progress("connecting, and making znodes");
            await using var target = await BenchTarget.OpenAsync(options, plan, invocation.Get(path)!, invocation.Stop);
            var wanted = invocation.Get(operations) is { Length: > 0 } given ? given : Enum.GetValues<BenchOperation>();
            foreach (var operation in wanted)
                await MeasureAsync(invocation, target, plan, operation);
        });
        return command;
    }

    private static async Task MeasureAsync(Invocation invocation, BenchTarget target, BenchPlan plan, BenchOperation operation)
    {
        var name = operation.ToString().ToLowerInvariant();
        var load = new BenchLoad(plan, number => target.AskAsync(operation, number));
        invocation.Console.Progress($"{name}: as many as go, {plan.Duration.TotalSeconds} s");
        var throughput = plan.Rate is null ? await load.MeasureThroughputAsync(invocation.Stop) : null;
        var rate = plan.Rate ?? Math.Max(1, throughput!.PerSecond / 2);
        invocation.Console.Progress($"{name}: {(long)rate} a second, {plan.Duration.TotalSeconds} s");
        var latency = await load.MeasureLatencyAsync(rate, invocation.Stop);
        invocation.Show(() => Text(name, plan, throughput, latency), json => Write(json, name, plan, throughput, latency));
        invocation.Console.Flush();
        if (latency.Failed > 0 || throughput?.Failed > 0)
            invocation.ExitCode = ExitCode.Refused;
    }

    private static string Text(string name, BenchPlan plan, Throughput? throughput, Latency latency)
    {
        var (culture, histogram) = (CultureInfo.InvariantCulture, latency.Histogram);
        var first = throughput is null ? $"{name}\n" : string.Create(
            culture,
            $"{name,-7}{throughput.PerSecond,12:N0} a second, as many as go: {plan.Sessions} sessions, {plan.Outstanding} at a time\n");
        var percentiles = Percents.Select(percent =>
            string.Create(culture, $"p{percent} {histogram.Percentile(percent).TotalMilliseconds:0.000}"));
        var isBehind = latency.PerSecond < latency.Rate * 0.98;
        var behind = isBehind ? string.Create(culture, $" (only {latency.PerSecond:N0} were answered)") : "";
        var failed = latency.Failed + (throughput?.Failed ?? 0);
        return first + string.Create(
            culture,
            $"       at {latency.Rate:N0} a second{behind}: {string.Join(", ", percentiles)}, "
            + $"max {histogram.Max.TotalMilliseconds:0.000} ms")
            + (failed > 0 ? $"\n       {failed} requests failed" : "");
    }

    private static void Write(JsonAnswer json, string name, BenchPlan plan, Throughput? throughput, Latency latency) => json.Object(() =>
    {
        var writer = json.Writer;
        writer.WriteString("operation", name);
        writer.WriteNumber("sessions", plan.Sessions);
        writer.WriteNumber("size", plan.Size);
        writer.WriteNumber("znodes", plan.Znodes);
        if (name == "mixed")
            writer.WriteNumber("writes", plan.Writes);
        if (throughput is not null)
        {
            writer.WriteStartObject("throughput");
            writer.WriteNumber("outstanding", plan.Outstanding);
            writer.WriteNumber("perSecond", Math.Round(throughput.PerSecond, 1));
            writer.WriteNumber("answered", throughput.Answered);
            writer.WriteNumber("failed", throughput.Failed);
            writer.WriteEndObject();
        }

        writer.WriteStartObject("latency");
        writer.WriteNumber("rate", Math.Round(latency.Rate, 1));
        writer.WriteNumber("perSecond", Math.Round(latency.PerSecond, 1));
        writer.WriteNumber("answered", latency.Histogram.Count);
        writer.WriteNumber("failed", latency.Failed);
        writer.WriteStartObject("microseconds");
        writer.WriteNumber("mean", latency.Histogram.Mean.TotalMicroseconds);
        foreach (var percent in Percents)
        {
            writer.WriteNumber(
                string.Create(CultureInfo.InvariantCulture, $"p{percent}"), latency.Histogram.Percentile(percent).TotalMicroseconds);
        }

        writer.WriteNumber("max", latency.Histogram.Max.TotalMicroseconds);
        writer.WriteEndObject();
        writer.WriteEndObject();
    });

    private static Option<int> Number(string name, string description, int byDefault) => new(name)
    {
        Description = description,
        DefaultValueFactory = _ => byDefault,
        HelpName = "number",
    };

    private static int Within(Invocation invocation, Option<int> option, int least, int most) =>
        invocation.Get(option) is var value && value >= least && value <= most
            ? value
            : throw new UsageException($"{option.Name} must lie between {least} and {most}.");
}
