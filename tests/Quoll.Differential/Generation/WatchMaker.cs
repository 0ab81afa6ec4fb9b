using Quoll.Differential.Comparing;
using Quoll.Differential.Ops;
using Quoll.Differential.Wire;

namespace Quoll.Differential.Generation;

/// <summary>Requests that set, look for and remove watches.</summary>
internal sealed class WatchMaker(Palette palette)
{
    public (int Type, Part[] Body) AddWatch(int slot)
    {
        var mode = palette.Modes[slot] switch
        {
            WatchMode.Persistent => 0,
            WatchMode.Recursive => 1,
            WatchMode.Any => palette.Next(2),
            _ => -1,
        };

        if (palette.Chance(8))
            mode = palette.Pick(2, -1, 99);

        return (Opcode.AddWatch, [new TextPart("path", Path()), new IntPart("mode", mode)]);
    }

    public (int Type, Part[] Body) Remove(int slot)
    {
        var look = palette.Chance(40) && !palette.Restrictions.HasFlag(Restrictions.NoCheckWatches);
        var type = palette.Pick(1, 2, 3, 3);
        if (palette.Restrictions.HasFlag(Restrictions.ClassicWatcherTypes))
            type = palette.Modes[slot] == WatchMode.OneShot ? type : 3;
        else if (palette.Chance(30))
            type = palette.Pick(4, 5);

        if (palette.Chance(6))
            type = palette.Pick(0, 6, -1);

        return (look ? Opcode.CheckWatches : Opcode.RemoveWatches, [new TextPart("path", palette.Path()), new IntPart("type", type)]);
    }

    public (int Type, Part[] Body) SetWatches(int slot)
    {
        var mode = palette.Modes[slot];
        var oneShot = mode is WatchMode.OneShot or WatchMode.Any;
        var parts = new List<Part> { Since() };
        parts.AddRange(Vector("data", oneShot));
        parts.AddRange(Vector("exist", oneShot));
        parts.AddRange(Vector("child", oneShot));
        if (palette.Chance(50) && oneShot)
            return (Opcode.SetWatches, [.. parts]);

        parts.AddRange(Vector("persistent", mode is WatchMode.Persistent or WatchMode.Any));
        parts.AddRange(Vector("recursive", mode is WatchMode.Recursive or WatchMode.Any));
        return (Opcode.SetWatches2, [.. parts]);
    }

    private Part Since() => palette.Chance(70)
        ? new ZxidPart("since", palette.Next(40))
        : new LongPart("since", palette.Pick(0, -1, long.MaxValue, long.MinValue));

    private string? Path() => palette.Path() ?? (palette.Restrictions.HasFlag(Restrictions.NoNullWatchPaths) ? "" : null);

    private List<Part> Vector(string name, bool allowed)
    {
        // Any negative count but -1 is an empty vector; -1 is null.
        if (palette.Chance(4))
            return [new IntPart(name, palette.Pick(-1, -2))];

        var count = allowed ? palette.Next(4) : 0;
        var parts = new List<Part> { new IntPart(name, count) };
        for (var i = 0; i < count; i++)
            parts.Add(new TextPart("", Path()));

        return parts;
    }
}
