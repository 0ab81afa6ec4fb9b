using System.Globalization;
using Quoll.Differential.Running;
using Quoll.Differential.Wire;

namespace Quoll.Differential.Ops;

/// <summary>One field of a request: how it is written, and how it reads in a report.</summary>
internal abstract record Part(string Name)
{
    /// <summary>Stands for the sequence's own root in every generated path.</summary>
    public const char Root = '~';

    public string Text => Name.Length == 0 ? Shown : Name + "=" + Shown;

    protected abstract string Shown { get; }

    public abstract void Write(WireWriter writer, Side side);
}

internal sealed record IntPart(string Name, int Value) : Part(Name)
{
    protected override string Shown => Value.ToString(CultureInfo.InvariantCulture);

    public override void Write(WireWriter writer, Side side) => writer.Int(Value);
}

internal sealed record LongPart(string Name, long Value) : Part(Name)
{
    protected override string Shown => Value.ToString(CultureInfo.InvariantCulture);

    public override void Write(WireWriter writer, Side side) => writer.Long(Value);
}

/// <summary>A zxid counted from the start of the sequence, since each server stands at some zxid of its own.</summary>
internal sealed record ZxidPart(string Name, long Offset) : Part(Name)
{
    protected override string Shown => "base+" + Offset.ToString(CultureInfo.InvariantCulture);

    public override void Write(WireWriter writer, Side side) => writer.Long(side.BaseZxid + Offset);
}

internal sealed record BytePart(string Name, byte Value) : Part(Name)
{
    protected override string Shown => Value.ToString(CultureInfo.InvariantCulture);

    public override void Write(WireWriter writer, Side side) => writer.Byte(Value);
}

internal sealed record TextPart(string Name, string? Value) : Part(Name)
{
    protected override string Shown => WireReader.Show(Value is null ? null : WireWriter.Encode(Value));

    public override void Write(WireWriter writer, Side side) =>
        writer.Text(Value?.Replace(Root.ToString(), side.Root, StringComparison.Ordinal));
}

internal sealed record BytesPart(string Name, byte[]? Value) : Part(Name)
{
    protected override string Shown => WireReader.Show(Value);

    public override void Write(WireWriter writer, Side side) => writer.Buffer(Value);
}

/// <summary>Bytes that carry no information of their own in a report, such as the headers inside a multi.</summary>
internal sealed record SilentPart(byte[] Value, string Label) : Part("")
{
    protected override string Shown => Label;

    public override void Write(WireWriter writer, Side side) => writer.Raw(Value);
}
