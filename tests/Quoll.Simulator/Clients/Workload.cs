using System.Globalization;
using Quoll.Protocol;

namespace Quoll.Simulator.Clients;

/// <summary>
/// What a client asks for: a few znodes that all of them write, read, create and delete, and a directory of ephemerals and sequential ones.
/// Every value is written once only.
/// </summary>
internal sealed class Workload(Random random, int number)
{
    /// <summary>The parent of everything that comes and goes.</summary>
    public const string Directory = "/d";

    private const int Registers = 5;
    private const int MostOwn = 3;
    private readonly Dictionary<string, int> _versions = [];
    private readonly List<string> _own = [];
    private int _values;

    /// <summary>Sends one or two requests.</summary>
    public void Next(Action<Operation> send)
    {
        var path = Register();
        var roll = random.Next(100);
        if (roll < 26)
            send(new Operation(OpCode.SetData, path) { Value = Value() });
        else if (roll < 34)
            send(new Operation(OpCode.SetData, path) { Value = Value(), Version = Known(path) });
        else if (roll < 52)
            send(new Operation(OpCode.GetData, path) { Watch = random.Next(4) == 0 });
        else if (roll < 60)
            SyncAndRead(path, send);
        else if (roll < 67)
            send(new Operation(OpCode.Create, path) { Value = Value() });
        else if (roll < 70)
            send(new Operation(OpCode.Delete, path) { Version = random.Next(2) == 0 ? -1 : Known(path) });
        else if (roll < 75)
            send(new Operation(OpCode.Exists, path) { Watch = true });
        else if (roll < 80)
            send(new Operation(OpCode.GetChildren2, Directory) { Watch = random.Next(2) == 0 });
        else if (roll < 86)
            send(Multi(path));
        else
            ComeAndGo(send);
    }

    /// <summary>The same of one who changes nothing.</summary>
    public void NextRead(Action<Operation> send)
    {
        var path = Register();
        var roll = random.Next(100);
        if (roll < 40)
            send(new Operation(OpCode.GetData, path) { Watch = random.Next(4) == 0 });
        else if (roll < 80)
            SyncAndRead(path, send);
        else if (roll < 90)
            send(new Operation(OpCode.Exists, path) { Watch = true });
        else
            send(new Operation(OpCode.GetChildren2, Directory) { Watch = random.Next(2) == 0 });
    }

    /// <summary>A read that must see what was written before.</summary>
    public static void SyncAndRead(string path, Action<Operation> send)
    {
        var sync = new Operation(OpCode.Sync, path);
        send(sync);
        send(new Operation(OpCode.GetData, path) { Sync = sync });
    }

    public void OnReply(Operation operation)
    {
        if (operation.Stat is { } stat)
            _versions[operation.Path] = stat.Version;
        if (operation is { Op: OpCode.Create, Error: ErrorCode.Ok, CreatedPath: { } created }
            && created.StartsWith("/d/", StringComparison.Ordinal))
            _own.Add(created);
        foreach (var part in operation.Parts)
            OnReply(part);
    }

    public void OnSessionEnded() => _own.RemoveAll(path => path.StartsWith("/d/e", StringComparison.Ordinal));

    private void ComeAndGo(Action<Operation> send)
    {
        if (_own.Count >= MostOwn)
        {
            var index = random.Next(_own.Count);
            send(new Operation(OpCode.Delete, _own[index]));
            _own.RemoveAt(index);
            return;
        }

        var (path, ephemeral, sequential) = random.Next(4) switch
        {
            0 => ("/d/s-", false, true),
            1 => (Name("/d/elock", random.Next(2)), true, false),
            _ => ("/d/e-", true, true),
        };
        send(new Operation(OpCode.Create, path) { Value = Value(), Ephemeral = ephemeral, Sequential = sequential });
    }

    private Operation Multi(string path)
    {
        var other = Register();
        var parts = new List<Operation>();
        if (other != path)
            parts.Add(random.Next(2) == 0 ? new Operation(OpCode.Check, other) { Version = Known(other) } : Set(other));
        parts.Add(Set(path));
        if (random.Next(3) == 0)
            parts.Add(new Operation(OpCode.Create, "/d/e-") { Value = Value(), Ephemeral = true, Sequential = true });
        return new Operation(OpCode.Multi, "") { Parts = parts };
    }

    private Operation Set(string path) => new(OpCode.SetData, path) { Value = Value(), Version = random.Next(3) == 0 ? Known(path) : -1 };

    private int Known(string path) => _versions.GetValueOrDefault(path, -1);

    private string Register() => Name("/r", random.Next(Registers));

    private string Value() => Name("c", number) + Name("-", _values++);

    private static string Name(string prefix, int number) => prefix + number.ToString(CultureInfo.InvariantCulture);
}
