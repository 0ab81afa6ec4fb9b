using System.Globalization;
using System.Text;
using Quoll.Recipes;

namespace Quoll.Simulator.Programs;

/// <summary>
/// Processes join a group, say other things of themselves, leave it and come again, and all look on. Nobody is listed twice; with nothing
/// in the way everybody lists everybody, by his present session and what he said last; when all have stopped nobody is left.
/// </summary>
internal sealed class MembershipProgram(Simulation simulation) : IProgram
{
    private readonly Dictionary<int, (SimProcess Process, string Said)> _members = [];
    private readonly Dictionary<int, IReadOnlyList<GroupMember>> _seen = [];
    private int _next;
    private int _joined;
    private int _told;
    private bool _isQuiet;

    public async Task RunAsync(SimProcess process, CancellationToken stop)
    {
        var group = new GroupMembership(process.Client, "/group");
        var looking = LookAsync(process, group, stop);
        await process.RepeatAsync(token => StayAsync(process, group, token, stop), stop).ConfigureAwait(false);
        await looking.ConfigureAwait(false);
    }

    public void OnQuiet() => _isQuiet = true;

    public IEnumerable<string> Unsettled()
    {
        string[] expected =
        [
            .. _members.OrderBy(member => member.Key)
                .Select(member => Describe($"{member.Key}", member.Value.Said, member.Value.Process.Client.Session?.Id ?? 0)),
        ];
        if (expected.Length < ProgramRun.Processes)
            yield return $"{expected.Length} processes are in the group";
        foreach (var (number, seen) in _seen)
        {
            var told = seen.Select(member => Describe(member.Id, Encoding.UTF8.GetString(member.Payload.Span), member.SessionId));
            if (!told.SequenceEqual(expected))
                yield return $"process {number} lists {string.Join(", ", told)}, and not {string.Join(", ", expected)}";
        }
    }

    public void Verify(FinalTree tree)
    {
        simulation.Say($"joined {_joined} times, told {_told} times");
        if (_joined < 5 || _told < 20)
            simulation.Complain($"processes joined {_joined} times and were told of it {_told} times: that shows nothing");
        foreach (var left in tree.Children("/group"))
            simulation.Complain($"{left} is left, though nobody is in the group");
    }

    private static string Describe(string id, string said, long session) => $"{id} of 0x{session:x} says {said}";

    private async Task StayAsync(SimProcess process, GroupMembership group, CancellationToken token, CancellationToken stop)
    {
        var said = NewWord(process);
        var membership = await group.JoinAsync($"{process.Number}", Encoding.UTF8.GetBytes(said), token).ConfigureAwait(false);
        await using var _ = membership.ConfigureAwait(false);
        _joined++;
        _members[process.Number] = (process, said);
        try
        {
            while (!_isQuiet)
            {
                await process.PauseAsync(simulation.Between(1_000, 1_000_000), token).ConfigureAwait(false);
                said = NewWord(process);
                _members[process.Number] = (process, said);
                await membership.UpdateAsync(Encoding.UTF8.GetBytes(said), token).ConfigureAwait(false);
            }

            await process.PauseAsync(86_400_000_000, stop).ConfigureAwait(false);
        }
        finally
        {
            _members.Remove(process.Number);
        }
    }

    private async Task LookAsync(SimProcess process, GroupMembership group, CancellationToken stop)
    {
        await foreach (var members in group.ObserveAsync(stop).ConfigureAwait(false))
        {
            _told++;
            _seen[process.Number] = members;
            if (members.Select(member => member.Id).Distinct().Count() < members.Count)
                simulation.Complain($"process {process.Number} is told of a member twice");
            await process.PauseAsync(simulation.Between(1, 50_000), stop).ConfigureAwait(false);
        }
    }

    private string NewWord(SimProcess process) => string.Create(CultureInfo.InvariantCulture, $"{process.Number}.{_next++}");
}
