namespace Quoll.Simulator.Programs;

/// <summary>How often it came to what is waited for, and whose turn came since nothing has been in the way: everybody's must.</summary>
internal sealed class Turns
{
    private readonly HashSet<int> _since = [];
    private bool _isQuiet;

    public int Count { get; private set; }

    public void Add(SimProcess process)
    {
        Count++;
        if (_isQuiet)
            _since.Add(process.Number);
    }

    public void OnQuiet() => _isQuiet = true;

    /// <summary>Whether it was anybody's turn since nothing has been in the way.</summary>
    public bool IsAnybodys => _since.Count > 0;

    /// <param name="what">What did not come about.</param>
    public IEnumerable<string> Missing(string what) =>
        Enumerable.Range(0, ProgramRun.Processes).Where(number => !_since.Contains(number)).Select(number => $"process {number} {what}");
}
