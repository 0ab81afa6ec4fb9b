namespace Quoll.Simulator.Programs;

/// <summary>Who holds something that only so many may count on. Who stands still counts on nothing: when he goes on he learns first that he
/// has lost it.</summary>
internal sealed class Holders(Simulation simulation, string what, int most = 1)
{
    private readonly List<(SimProcess Process, object Held, Func<bool> IsLost)> _holders = [];

    /// <summary>Those who hold it now, and count on that.</summary>
    public IReadOnlyList<SimProcess> Counting =>
        [.. _holders.Where(holder => !holder.Process.IsPaused && !holder.IsLost()).Select(holder => holder.Process)];

    public void Add(SimProcess process, object held, Func<bool> isLost)
    {
        _holders.Add((process, held, isLost));
        Check();
    }

    public void Remove(object held) => _holders.RemoveAll(holder => holder.Held == held);

    /// <summary>Complains where too many count on it.</summary>
    public void Check()
    {
        if (_holders.Count > most && Counting is { } counting && counting.Count > most)
            simulation.Complain($"processes {string.Join(", ", counting.Select(each => each.Number))} count on {what} at the same time");
    }
}
