namespace Quoll.Differential.Comparing;

/// <summary>
/// One thing a server did, in its normalised form: two servers behave alike when their lines are equal.
/// The slot is that of the session it was seen on, -1 for the tester's own;
/// the kind is reply, event, session, closed, silence, unreachable or skipped.
/// </summary>
internal sealed record Line(int Slot, string Kind, byte[] Raw)
{
    public List<(string Name, string Value)> Fields { get; init; } = [];

    public string Text =>
        $"{(Slot < 0 ? "tester" : "s" + Slot)} {Kind} {string.Join(' ', Fields.Select(f => f.Name + "=" + f.Value))}".TrimEnd();

    public string? this[string name] => Fields.Find(field => field.Name == name).Value;

    /// <summary>What sort of answer it is, for counting.</summary>
    public string Sort => Kind switch
    {
        "reply" => $"{this["op"]} {this["err"]}",
        "event" => $"event {this["type"]}",
        "session" => this["id"] == "0" ? "session refused" : "session",
        _ => Kind,
    };

    public bool IsEvent => Kind == "event";

    public int Error => int.TryParse(this["err"], out var error) ? error : 0;

    /// <summary>The same line with some fields changed; a null value drops the field.</summary>
    public Line Map(Func<string, string, string?> change)
    {
        var fields = new List<(string, string)>();
        foreach (var (name, value) in Fields)
        {
            if (change(name, value) is { } changed)
                fields.Add((name, changed));
        }

        return this with { Fields = fields };
    }
}
