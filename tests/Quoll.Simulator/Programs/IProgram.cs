namespace Quoll.Simulator.Programs;

/// <summary>What several processes do with the client and its recipes at the same time, and what must be so all the while and in the
/// end.</summary>
internal interface IProgram
{
    /// <summary>What one process does until it is told to stop. Whatever it throws is a complaint.</summary>
    Task RunAsync(SimProcess process, CancellationToken stop);

    /// <summary>Called again and again: whatever is wrong at that moment is said to the simulation.</summary>
    void Look()
    {
    }

    /// <summary>The last fault is over: from now on nothing is in the way.</summary>
    void OnQuiet()
    {
    }

    /// <summary>What is not yet as it must come to be now that nothing is in the way. Asked again and again, for as long as the run has
    /// patience.</summary>
    IEnumerable<string> Unsettled() => [];

    /// <summary>All have stopped, and the processes still have their sessions: whatever is wrong is said to the simulation.</summary>
    void Verify(FinalTree tree);
}
