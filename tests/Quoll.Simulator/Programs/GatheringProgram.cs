using System.Globalization;
using System.Text;
using Quoll.Recipes;

namespace Quoll.Simulator.Programs;

/// <summary>
/// Processes gather in a queue that starts when three are there. Whoever is let in is one of three, and all three say the same of who they
/// are and in which order; nobody is let in while those of another group are still there; with nothing in the way all get in, and when all
/// have stopped no member is left.
/// </summary>
internal sealed class GatheringProgram(Simulation simulation) : IProgram
{
    private const int Size = 3;
    private readonly Turns _turns = new();
    private readonly Dictionary<GatheringTicket, (SimProcess Process, string?[] Group)> _active = [];
    private readonly Dictionary<string, string?[]> _letIn = [];
    private int _next;

    public Task RunAsync(SimProcess process, CancellationToken stop)
    {
        var queue = new GatheringQueue(process.Client, "/gathering", Size);
        return process.RepeatAsync(token => OnceAsync(process, queue, token), stop);
    }

    public void OnQuiet() => _turns.OnQuiet();

    public IEnumerable<string> Unsettled() => _turns.Missing("is not let in");

    public void Verify(FinalTree tree)
    {
        simulation.Say($"let in {_turns.Count} times");
        if (_turns.Count < Size)
            simulation.Complain($"members were let in {_turns.Count} times: that shows nothing");
        foreach (var member in tree.Children("/gathering").Where(name => name is not ("num" or "started")))
            simulation.Complain($"{member} is left in the queue, though nobody is there");
    }

    private async Task OnceAsync(SimProcess process, GatheringQueue queue, CancellationToken token)
    {
        var name = string.Create(CultureInfo.InvariantCulture, $"{process.Number}.{_next++}");
        var ticket = await queue.JoinAsync(Encoding.UTF8.GetBytes(name), token).ConfigureAwait(false);
        await using var _ = ticket.ConfigureAwait(false);
        _turns.Add(process);
        simulation.Say($"process {process.Number} is let in as {name}, {ticket.Position} of {ticket.Count}");
        if (ticket.Count != Size || ticket.Position is < 0 or >= Size)
            simulation.Complain($"{name} is let in as {ticket.Position} of {ticket.Count}");
        var members = await ticket.GetMembersAsync(token).ConfigureAwait(false);
        if (ticket.Lost.IsCancellationRequested)
            return;
        string?[] group = [.. members.Select(data => data is null ? null : Encoding.UTF8.GetString(data))];
        Compare(ticket, name, group);
        _active[ticket] = (process, group);
        try
        {
            await process.PauseAsync(simulation.Between(1_000, 600_000), token).ConfigureAwait(false);
        }
        finally
        {
            _active.Remove(ticket);
        }
    }

    private void Compare(GatheringTicket ticket, string name, string?[] group)
    {
        simulation.Say($"{name} is of the group {string.Join(", ", group.Select(member => member ?? "-"))}");
        if (group[ticket.Position] != name)
            simulation.Complain($"{name} is the member {ticket.Position}, and reads there {group[ticket.Position]}");
        foreach (var (other, (process, members)) in _active)
        {
            if (!process.IsPaused && !other.Lost.IsCancellationRequested && !Agree(group, members))
                simulation.Complain($"{name} is let in while the group {string.Join(", ", members)} is there");
        }

        // Who was let in is the same member from then on; before that a member begins anew when its session ends.
        foreach (var member in group.OfType<string>())
        {
            if (_letIn.TryGetValue(member, out var said) && !Agree(group, said))
                simulation.Complain($"{name} is of {string.Join(", ", group)}, but {member} of {string.Join(", ", said)}");
        }

        _letIn[name] = group;
    }

    private static bool Agree(string?[] one, string?[] other) =>
        one.Zip(other).All(pair => pair.First is null || pair.Second is null || pair.First == pair.Second)
        && one.Zip(other).Any(pair => pair.First is not null && pair.First == pair.Second);
}
