using System.Text.Unicode;

namespace Quoll.Protocol.Jute;

/// <summary>
/// A jute <c>buffer</c> or <c>ustring</c>, whose encodings are the same: bytes that may be null. It is a view; whoever keeps it copies it.
/// The default value is null, which is not the same as empty.
/// </summary>
public readonly ref struct JuteBytes(ReadOnlySpan<byte> bytes) : IJuteRecord<JuteBytes>
{
    private readonly bool _present = true;

    public ReadOnlySpan<byte> Span { get; } = bytes;

    public bool IsNull => !_present;

    /// <summary>Length in bytes; null counts as 0.</summary>
    public int Length => Span.Length;

    public static implicit operator JuteBytes(ReadOnlySpan<byte> bytes) => new(bytes);

    public static implicit operator JuteBytes(byte[]? bytes) => bytes is null ? default : new(bytes);

    public static JuteBytes Read(scoped ref JuteReader reader) => reader.ReadBytes();

    public void Write(scoped ref JuteWriter writer) => writer.WriteBytes(this);

    public byte[]? ToArray() => IsNull ? null : Span.ToArray();

    /// <summary>
    /// A <c>ustring</c> as it leaves a server that decoded and encoded it again: bytes that are no UTF-8 are replaced, and a character
    /// of four bytes becomes two surrogates of three.
    /// </summary>
    public JuteBytes AsEchoed() =>
        Utf8.IsValid(Span) && !Span.ContainsAnyInRange((byte)0xF0, (byte)0xFF) ? this : new JuteBytes(JavaText.Encode(ToString()));

    /// <summary>The text of a <c>ustring</c>; bytes that are not UTF-8 become U+FFFD, as in the Java reader.</summary>
    public override string ToString() => JavaText.Decode(Span);
}
