namespace Quoll.Simulator.Programs;

/// <summary>Several programs at once, in the same sessions: what each of them says must be so is so beside the others too.</summary>
internal sealed class ChaosProgram(params IProgram[] programs) : IProgram
{
    public async Task RunAsync(SimProcess process, CancellationToken stop)
    {
        var running = Array.ConvertAll(programs, program => program.RunAsync(process, stop));
        foreach (var task in running)
            await EndAsync(task, stop).ConfigureAwait(false);
    }

    public void Look()
    {
        foreach (var program in programs)
            program.Look();
    }

    public void OnQuiet()
    {
        foreach (var program in programs)
            program.OnQuiet();
    }

    public IEnumerable<string> Unsettled() => programs.SelectMany(program => program.Unsettled());

    public void Verify(FinalTree tree)
    {
        foreach (var program in programs)
            program.Verify(tree);
    }

    private static async Task EndAsync(Task task, CancellationToken stop)
    {
        try
        {
            await task.ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            // It was told to.
        }
    }
}
