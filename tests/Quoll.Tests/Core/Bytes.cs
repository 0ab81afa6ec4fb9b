using System.Buffers;
using System.Buffers.Binary;
using System.Text;

namespace Quoll.Tests.Core;

/// <summary>Builds the bytes of a record. Written apart from the server's codec, so that the two cannot share a mistake.</summary>
internal sealed class Bytes
{
    private readonly ArrayBufferWriter<byte> _bytes = new();

    public Bytes Int(int value)
    {
        BinaryPrimitives.WriteInt32BigEndian(_bytes.GetSpan(4), value);
        _bytes.Advance(4);
        return this;
    }

    public Bytes Long(long value) => Int((int)(value >> 32)).Int((int)value);

    public Bytes Bool(bool value) => Raw([value ? (byte)1 : (byte)0]);

    public Bytes Raw(ReadOnlySpan<byte> value)
    {
        _bytes.Write(value);
        return this;
    }

    public Bytes Buffer(byte[]? value) => value is null ? Int(-1) : Int(value.Length).Raw(value);

    public Bytes String(string? value) => Buffer(value is null ? null : Encoding.UTF8.GetBytes(value));

    public Bytes Strings(params string[] values)
    {
        Int(values.Length);
        foreach (var value in values)
            String(value);
        return this;
    }

    public Bytes Acl(params AclLine[] lines)
    {
        Int(lines.Length);
        foreach (var line in lines)
            Int(line.Permissions).String(line.Scheme).String(line.Id);
        return this;
    }

    public byte[] ToArray() => _bytes.WrittenSpan.ToArray();
}

/// <summary>An entry of an access control list.</summary>
internal sealed record AclLine(int Permissions, string? Scheme, string? Id)
{
    public static readonly AclLine Open = new(31, "world", "anyone");
}

/// <summary>What a client sees of a znode.</summary>
internal sealed record StatSeen(
    long Czxid, long Mzxid, long Ctime, long Mtime, int Version, int Cversion, int Aversion, long Owner, int DataLength,
    int Children, long Pzxid);

/// <summary>Takes a record's bytes apart.</summary>
internal sealed class BytesReader(byte[] bytes)
{
    private int _at;

    public int Left => bytes.Length - _at;

    public int Int()
    {
        _at += 4;
        return BinaryPrimitives.ReadInt32BigEndian(bytes.AsSpan(_at - 4));
    }

    public long Long()
    {
        _at += 8;
        return BinaryPrimitives.ReadInt64BigEndian(bytes.AsSpan(_at - 8));
    }

    public bool Bool() => bytes[_at++] != 0;

    public byte[]? Buffer()
    {
        var length = Int();
        if (length == -1)
            return null;
        _at += length;
        return bytes[(_at - length).._at];
    }

    public string String() => Encoding.UTF8.GetString(Buffer() ?? []);

    public string[] Strings() => [.. Enumerable.Range(0, Int()).Select(_ => String())];

    public AclLine[] Acl() => [.. Enumerable.Range(0, Int()).Select(_ => new AclLine(Int(), String(), String()))];

    public StatSeen Stat() => new(Long(), Long(), Long(), Long(), Int(), Int(), Int(), Long(), Int(), Int(), Long());
}
