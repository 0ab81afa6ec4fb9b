using Quoll.Protocol;
using Quoll.Simulator.Clients;

namespace Quoll.Simulator.Checks;

/// <summary>What a znode is: its version, or -1 if there is none, and its data.</summary>
internal readonly record struct Register(int Version, string? Value);

/// <summary>An operation on one znode, from when it was asked for to when it was answered.</summary>
/// <param name="Operation">The request, or the part of it.</param>
/// <param name="Source">The request.</param>
/// <param name="Call">When it was asked for; for a read behind a sync, when that was.</param>
/// <param name="Return">When it was answered; never, if nobody knows what came of it.</param>
internal sealed record Step(Operation Operation, Operation Source, long Call, long Return)
{
    public bool IsKnown => Return != long.MaxValue;

    /// <summary>What it makes of a znode; null if it can't be that it came to what it came to there, or comes to nothing at all.</summary>
    public Register? On(Register before)
    {
        var there = before.Version >= 0;
        var fits = there && (Operation.Version == -1 || Operation.Version == before.Version);
        if (IsKnown && Operation.Error != ErrorCode.Ok)
        {
            var asTold = Operation.Error switch
            {
                ErrorCode.NoNode => !there,
                ErrorCode.NodeExists => there,
                _ => there && !fits,
            };
            return asTold ? before : null;
        }

        switch (Operation.Op)
        {
            case OpCode.GetData:
                return there && before.Value == Operation.Value && before.Version == Operation.Stat?.Version ? before : null;
            case OpCode.Check:
                return fits ? before : null;
            case OpCode.Create:
                return there ? null : new Register(0, Operation.Value);
            case OpCode.Delete:
                return fits ? new Register(-1, null) : null;
            default:
                var after = new Register(before.Version + 1, Operation.Value);
                return fits && (!IsKnown || Operation.Stat?.Version == after.Version) ? after : null;
        }
    }
}

/// <summary>
/// Looks for an order of all operations on a znode that agrees with real time and with what each was answered (after Wing and Gong, with
/// Lowe's memory of where it has been). Changes, and reads behind a sync, must be so; what was never answered may
/// have happened at any later time, or not at all. The zxids of the log only say where to look first.
/// </summary>
internal sealed class Linearizability
{
    private const int MostStates = 3_000_000;
    private readonly List<Step> _known;
    private readonly List<Step> _unknown;
    private readonly HashSet<string> _observed;
    private readonly bool[] _knownDone;
    private readonly bool[] _unknownDone;
    private readonly HashSet<(ulong, int, string?)> _seen = [];
    private readonly Func<Operation, long> _hint;
    private int _first;
    private Step? _next;

    /// <param name="steps">The operations on one znode.</param>
    /// <param name="hint">Where each has its place if all is well.</param>
    public Linearizability(IEnumerable<Step> steps, Func<Operation, long> hint)
    {
        _hint = hint;
        var all = steps.OrderBy(step => step.Call).ToList();
        _known = all.FindAll(step => step.IsKnown);
        _unknown = all.FindAll(step => !step.IsKnown && step.Operation.Op is not (OpCode.GetData or OpCode.Check));
        _observed = [.. _known.Where(step => step.Operation.Op == OpCode.GetData).Select(step => step.Operation.Value).OfType<string>()];
        _knownDone = new bool[_known.Count];
        _unknownDone = new bool[_unknown.Count];
    }

    /// <summary>The operations on each znode, of what clients asked for.</summary>
    public static ILookup<string, Step> StepsOf(IEnumerable<Operation> operations) =>
        operations.SelectMany(StepsOf).ToLookup(step => step.Operation.Path);

    /// <summary>Null if there is such an order; else where the search for one came furthest.</summary>
    public string? Check()
    {
        var trail = new Stack<(int Move, Register Before, ulong HashBefore, int FirstBefore)>();
        var moves = new Stack<Stack<int>>();
        var (state, hash, done, furthest) = (new Register(-1, null), 0UL, 0, -1);
        var where = (Next: (Step?)null, State: state);
        moves.Push(Moves(state));
        while (done < _known.Count)
        {
            if (done > furthest)
                (furthest, where) = (done, (_next, state));
            if (_seen.Count > MostStates)
                return $"undecided after {MostStates} states; {Tell(where)}";
            if (moves.Peek().TryPop(out var move))
            {
                var after = StepOf(move).On(state)!.Value;
                var hashAfter = hash ^ HashOf(move);
                if (!_seen.Add((hashAfter, after.Version, after.Value)))
                    continue;
                trail.Push((move, state, hash, _first));
                (state, hash) = (after, hashAfter);
                done += Mark(move, true);
                moves.Push(Moves(state));
                continue;
            }

            moves.Pop();
            if (!trail.TryPop(out var back))
                return Tell(where);
            done -= Mark(back.Move, false);
            (state, hash, _first) = (back.Before, back.HashBefore, back.FirstBefore);
        }

        return null;
    }

    private static IEnumerable<Step> StepsOf(Operation operation)
    {
        var end = operation.Returned ?? long.MaxValue;
        if (operation.Error is ErrorCode.SessionExpired or ErrorCode.SessionMoved)
            return [];
        if (operation.Op == OpCode.Multi)
        {
            // Of one that failed, only the part that did tells anything.
            return operation.Parts
                .Where(part => part.Error == operation.Error)
                .Take(operation.Error == ErrorCode.Ok ? int.MaxValue : 1)
                .Where(part => IsRegister(part.Path))
                .Select(part => new Step(part, operation, operation.Invoked, end));
        }

        if (!IsRegister(operation.Path))
            return [];
        if (operation is { Op: OpCode.GetData, Returned: not null, Sync: { Returned: not null } sync })
            return [new Step(operation, operation, sync.Invoked, end)];
        return operation.Op is OpCode.Create or OpCode.Delete or OpCode.SetData
            ? [new Step(operation, operation, operation.Invoked, end)]
            : [];
    }

    private static bool IsRegister(string path) => path.StartsWith("/r", StringComparison.Ordinal);

    // What may come next, the most promising on top. Of those that nobody knows of and whose data nobody saw, one of a kind will do.
    private Stack<int> Moves(Register state)
    {
        var deadline = long.MaxValue;
        var known = new List<int>();
        for (var i = _first; i < _known.Count && _known[i].Call <= deadline; i++)
        {
            if (_knownDone[i])
                continue;
            known.Add(i);
            if (_known[i].Return >= deadline)
                continue;
            deadline = _known[i].Return;
            _next = _known[i];
        }

        known.RemoveAll(i => _known[i].Call > deadline || _known[i].On(state) is null);
        var kinds = new HashSet<(OpCode, int)>();
        var unknown = new List<int>();
        for (var i = 0; i < _unknown.Count && _unknown[i].Call <= deadline; i++)
        {
            if (!_unknownDone[i] && _unknown[i].On(state) is not null)
                unknown.Add(~i);
        }

        unknown.Sort((left, right) => HintOf(left).CompareTo(HintOf(right)));
        unknown.RemoveAll(move => StepOf(move).Operation is var each
            && !_observed.Contains(each.Value ?? "") && !kinds.Add((each.Op, each.Version)));
        return new Stack<int>(known.Concat(unknown).OrderByDescending(HintOf));
    }

    // A read comes behind the change that it saw.
    private (long, bool, long) HintOf(int move) =>
        StepOf(move) is var step ? (_hint(step.Source), step.Operation.Op == OpCode.GetData, step.Return) : default;

    private Step StepOf(int move) => move >= 0 ? _known[move] : _unknown[~move];

    private int Mark(int move, bool done)
    {
        if (move < 0)
        {
            _unknownDone[~move] = done;
            return 0;
        }

        _knownDone[move] = done;
        while (done && _first < _known.Count && _knownDone[_first])
            _first++;
        return 1;
    }

    private static string Tell((Step? Next, Register State) where) =>
        $"{where.Next!.Source} came to {where.Next.Operation.Error} {where.Next.Operation.Value} {where.Next.Operation.Stat?.Version}, "
        + $"and there was {where.State}";

    private static ulong HashOf(int move)
    {
        var z = ((ulong)(uint)move + 1) * 0x9E3779B97F4A7C15;
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
        return z ^ (z >> 31);
    }
}
