using System.Diagnostics;

namespace Quoll.Fuzz;

/// <summary>What is wrong with an input's reading.</summary>
public sealed record Finding(string Kind, string Text, byte[] Input)
{
    /// <summary>What two findings of one cause have in common: their first line, but for its numbers.</summary>
    public string Shape => Kind + new string([.. Text.Split('\n')[0].Where(c => !char.IsAsciiDigit(c))]);
}

/// <summary>Runs one input and judges: what was thrown, what it took in memory, how long it lasted.</summary>
public static class Execution
{
    /// <summary>Far above what the largest input needs; a length that is believed before it is checked asks for more.</summary>
    private const long AllocationBound = 64 * 1024 * 1024;

    private const int AllocationPerByte = 64;

    /// <summary>An input is read in microseconds, or milliseconds at most; a machine may be busy with something else.</summary>
    private static readonly TimeSpan Slow = TimeSpan.FromSeconds(10);

    public static (string Outcome, Finding? Finding) Of(IFuzzTarget target, byte[] input)
    {
        var allocated = GC.GetAllocatedBytesForCurrentThread();
        var began = Stopwatch.GetTimestamp();
        string outcome;
        try
        {
            outcome = target.Run(input);
        }
        catch (Exception e)
        {
            return (e.GetType().Name, new Finding(e.GetType().Name, e.ToString(), input));
        }

        allocated = GC.GetAllocatedBytesForCurrentThread() - allocated;
        var took = Stopwatch.GetElapsedTime(began);
        if (allocated > AllocationBound + ((long)input.Length * AllocationPerByte))
            return (outcome, new Finding("Allocation", $"{allocated} bytes for an input of {input.Length}", input));
        return (outcome, took > Slow ? new Finding("Slow", $"{took.TotalSeconds:f1} s for an input of {input.Length}", input) : null);
    }
}
