namespace Quoll.Simulator.Programs;

/// <summary>Who holds something. Who stands still counts on nothing: when he goes on he learns first that he has lost it.</summary>
internal sealed class Holders
{
    private readonly List<(SimProcess Process, object Held, Func<bool> IsLost)> _holders = [];

    /// <summary>Those who hold it now, and count on that.</summary>
    public IReadOnlyList<SimProcess> Counting =>
        [.. _holders.Where(holder => !holder.Process.IsPaused && !holder.IsLost()).Select(holder => holder.Process)];

    public void Add(SimProcess process, object held, Func<bool> isLost) => _holders.Add((process, held, isLost));

    public void Remove(object held) => _holders.RemoveAll(holder => holder.Held == held);
}
