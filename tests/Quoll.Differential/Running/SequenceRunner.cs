using Quoll.Differential.Comparing;
using Quoll.Differential.Ops;
using Quoll.Differential.Wire;

namespace Quoll.Differential.Running;

/// <summary>Where two servers parted: after which op, or the number of ops when it was only seen at the end.</summary>
internal sealed record Difference(int Index, IReadOnlyList<Op> Step, List<Line> Left, List<Line> Right);

/// <summary>Runs one sequence on both servers, step by step, and compares what each step brought.</summary>
internal sealed class SequenceRunner(DifferentialOptions options, string root, Dictionary<string, int> mix)
{
    private readonly StepComparer _comparer = new(options.LeftIs, options.RightIs);
    private readonly Side _left = new("left", options.Left, root);
    private readonly Side _right = new("right", options.Right, root);
    private readonly Dictionary<string, string[]> _before = [];

    /// <summary>Whether the root's name was taken, so that nothing was run.</summary>
    public bool Taken { get; private set; }

    public async Task<Difference?> RunAsync(IReadOnlyList<Op> ops, bool level)
    {
        var left = new ControlSession(_left, options);
        var right = new ControlSession(_right, options);
        await Task.WhenAll(left.OpenAsync(), right.OpenAsync());
        if (level)
            await Ground.LevelAsync(left, right);

        foreach (var path in Ground.Shared)
            _before[path] = await left.ChildrenAsync(path);

        var made = await Task.WhenAll(left.MakeRootAsync(), right.MakeRootAsync());
        Taken = !made[0] || !made[1];
        var difference = Taken ? null : await StepsAsync(ops) ?? await EndAsync(ops.Count, left, right);
        await Task.WhenAll(ClearAsync(left, _left), ClearAsync(right, _right));
        return difference;
    }

    private async Task ClearAsync(ControlSession control, Side side)
    {
        try
        {
            foreach (var slot in side.Slots)
            {
                slot.Connection?.Dispose();
                slot.Connection = null;
            }

            await control.CloseLeftoversAsync();
            if (!Taken)
                await Ground.ClearAsync(control, _before);

            await control.CloseAsync();
        }
        catch (ServerUnusableException)
        {
            // What it means is for the difference to say, or for the next sequence's start.
        }

        side.Control.Connection?.Dispose();
    }

    private async Task<Difference?> StepsAsync(IReadOnlyList<Op> ops)
    {
        for (var start = 0; start < ops.Count;)
        {
            var end = start + 1;
            while (end < ops.Count && Together(ops[start], ops[end]))
                end++;

            if (await StepAsync(end - 1, [.. ops.Skip(start).Take(end - start)]) is { } difference)
                return difference;

            start = end;
        }

        return null;
    }

    public static bool Together(Op first, Op next) =>
        first is RequestOp && next is RequestOp && first.Batch == next.Batch && first.Slot == next.Slot;

    private async Task<Difference?> StepAsync(int index, IReadOnlyList<Op> step)
    {
        var (left, right) = await BothAsync(step);
        foreach (var line in left)
        {
            var sort = line.Kind == "silence" ? "silence after " + step[^1].Text : line.Sort;
            mix[sort] = mix.GetValueOrDefault(sort) + 1;
        }

        return _comparer.Same(step, left, right)
            ? null
            : new Difference(index, step, _comparer.Prepare(step, left), _comparer.Prepare(step, right));
    }

    private async Task<(List<Line> Left, List<Line> Right)> BothAsync(IReadOnlyList<Op> step)
    {
        var lines = await Task.WhenAll(
            new SideRunner(_left, options.Patience, options.Ensemble).RunAsync(step),
            new SideRunner(_right, options.Patience, options.Ensemble).RunAsync(step));
        return (lines[0], lines[1]);
    }

    // The tree with its ephemerals, then every session's close, then the tree without them.
    private async Task<Difference?> EndAsync(int index, ControlSession left, ControlSession right)
    {
        if (await WalkAsync(index) is { } whileOpen)
            return whileOpen;

        for (var slot = 0; slot < _left.Slots.Length; slot++)
        {
            if (_left.Slots[slot].Connection is null)
                continue;

            if (await StepAsync(index, [RequestOp.Bare(slot, 1, Opcode.CloseSession)]) is { } atClose)
                return atClose;
        }

        await Task.WhenAll(left.CloseLeftoversAsync(), right.CloseLeftoversAsync());
        return await WalkAsync(index);
    }

    private async Task<Difference?> WalkAsync(int index)
    {
        var paths = new Stack<string>(["~", "/", "/zookeeper", "/zookeeper/quota", "/zookeeper/config"]);
        while (paths.TryPop(out var path))
        {
            RequestOp[] look =
            [
                new(ControlSession.Slot, 0, 1, Opcode.GetData, [new TextPart("path", path), new BytePart("watch", 0)]),
                new(ControlSession.Slot, 0, 2, Opcode.GetAcl, [new TextPart("path", path)]),
                new(ControlSession.Slot, 0, 3, Opcode.GetChildren2, [new TextPart("path", path), new BytePart("watch", 0)]),
            ];
            var (left, right) = await BothAsync(look);
            if (!_comparer.Same(look, left, right))
                return new Difference(index, look, _comparer.Prepare(look, left), _comparer.Prepare(look, right));

            if (left[^1].Error != 0 || left[^1].Kind != "reply")
                continue;

            foreach (var child in ControlSession.Names(left[^1].Raw).Except(_before.GetValueOrDefault(path, [])))
            {
                if (path != "/" || "/" + child != _left.Root)
                    paths.Push(Ground.Below(path, child));
            }
        }

        return null;
    }
}
