using System.CommandLine;
using System.Globalization;
using Quoll.Core.Election;
using Quoll.Simulator;
using Quoll.Simulator.Mutants;
using Quoll.Simulator.Programs;

var seed = new Option<int>("--seed") { Description = "the first seed", DefaultValueFactory = _ => 1 };
var runs = new Option<int>("--runs") { Description = "how many seeds", DefaultValueFactory = _ => 1 };
var seconds = new Option<int>("--seconds") { Description = "simulated seconds of each run", DefaultValueFactory = _ => 60 };
var servers = new Option<int>("--servers") { Description = "servers that vote", DefaultValueFactory = _ => 3 };
var observers = new Option<int>("--observers") { Description = "servers that do not", DefaultValueFactory = _ => 0 };
var election = new Option<ElectionAlgorithm>("--election")
{
    Description = "how leaders are elected: fast, or basic, by datagrams",
    DefaultValueFactory = _ => ElectionAlgorithm.Fast,
};
var trace = new Option<bool>("--trace") { Description = "print what happened" };
var brief = new Option<bool>("--brief") { Description = "print no trace, even of what went wrong" };
var root = new RootCommand("Runs whole ensembles of Quoll servers on a network, disks and a clock that do what a seed says.")
{
    seed, runs, seconds, servers, observers, election, trace, brief,
};
root.SetAction(parsed =>
{
    var total = new RunTotals();
    for (var i = 0; i < parsed.GetValue(runs); i++)
    {
        var number = parsed.GetValue(seed) + i;
        var scenario = new Scenario(number, parsed.GetValue(servers), parsed.GetValue(observers), parsed.GetValue(election));
        var complaints = scenario.RunSafely(parsed.GetValue(seconds) * 1000);
        if ((complaints.Count > 0 && !parsed.GetValue(brief)) || parsed.GetValue(trace))
            Console.WriteLine(string.Join(Environment.NewLine, scenario.Trace));
        total.Add(scenario, parsed.GetValue(seconds));
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"seed {number}: {scenario.Operations} operations, {scenario.Answered} answered, {scenario.Faults.Values.Sum()} faults, "
            + $"{complaints.Count} complaints"));
        foreach (var complaint in complaints)
            Console.WriteLine(complaint);
        if (complaints.Count > 0)
            return 1;
    }

    if (parsed.GetValue(runs) > 1)
        Console.WriteLine(total);
    return 0;
});

var program = new Argument<string>("program") { Description = "one of: " + string.Join(", ", ProgramRun.Names) };
var programs = new Command("program", "Runs processes that use the client and its recipes, against an ensemble, through faults of all.")
{
    program, seed, runs, seconds, servers, trace, brief,
};
programs.SetAction(parsed =>
{
    for (var number = parsed.GetValue(seed); number < parsed.GetValue(seed) + parsed.GetValue(runs); number++)
    {
        var run = ProgramRun.Of(parsed.GetValue(program)!, number, parsed.GetValue(servers));
        var complaints = run.Run(parsed.GetValue(seconds) * 1000);
        if ((complaints.Count > 0 && !parsed.GetValue(brief)) || parsed.GetValue(trace))
            Console.WriteLine(string.Join(Environment.NewLine, run.Trace));
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"seed {number}: {run.Trace.Count} lines, {run.Faults.Values.Sum()} faults, {complaints.Count} complaints"));
        foreach (var complaint in complaints)
            Console.WriteLine(complaint);
        if (complaints.Count > 0)
            return 1;
    }

    return 0;
});
root.Subcommands.Add(programs);

var only = new Option<string>("--only")
{
    Description = "those with this in their names, or with one of these, with commas between",
    DefaultValueFactory = _ => "",
};
var bound = new Option<int>("--seeds") { Description = "seeds to run before one counts as not caught", DefaultValueFactory = _ => 40 };
var source = new Option<string>("--source") { Description = "the repository", DefaultValueFactory = _ => Directory.GetCurrentDirectory() };
var mutants = new Command("mutants", "Makes the sources wrong, one way after the other, and tells whether that is noticed.")
{
    only, bound, source,
};
mutants.SetAction(parsed => new MutantRun(parsed.GetValue(source)!, parsed.GetValue(bound), 30).Run(parsed.GetValue(only)!));
root.Subcommands.Add(mutants);
return await root.Parse(args).InvokeAsync();
