using Quoll.Samples;
using Quoll.Samples.MasterElection;

// One of several processes is the master, and when it dies another one is. There are two ways to elect it, one-node and queue; both are
// under the orders of an operator, who may name the master by hand.
return await new Sample("One master of several processes, elected in two ways, and by hand.", DemonstrateAsync)
    .WithRole("stand", "Stand as a candidate; the way is one-node or queue.", Candidate.RunAsync, "way", "name")
    .WithRole("watch", "Tell who writes in the master's book.", Watcher.RunAsync, "way")
    .WithRole("appoint", "Name the master by hand.", Operator.AppointAsync, "way", "name")
    .WithRole("dismiss", "Take that back: the election decides again.", Operator.DismissAsync, "way")
    .RunAsync(args);

static async Task DemonstrateAsync(SampleRun run)
{
    foreach (var way in new[] { "one-node", "queue" })
    {
        run.Start("watch", way);
        foreach (var name in new[] { "anna", "ben", "clara" })
            Console.WriteLine($"{way}: {name} is process {run.Start(line => Tell(way, line), "stand", way, name).Pid}");
    }

    Console.WriteLine("Kill the master (kill -9), or freeze it (kill -STOP) and let it go on (kill -CONT); Ctrl+C ends all.");
    await Task.Delay(Timeout.Infinite, run.Stop);
}

// Both ways have candidates of the same names.
static void Tell(string way, string line) => Console.WriteLine($"{way}: {line}");
