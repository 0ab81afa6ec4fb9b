namespace Quoll.Protocol.Jute;

/// <summary>
/// A jute <c>vector</c>: a view of elements that are decoded as they are enumerated. Null (count -1) is not the same as empty.
/// The default value is null.
/// </summary>
public readonly ref struct JuteVector<T> : IJuteRecord<JuteVector<T>>
    where T : IJuteRecord<T>, allows ref struct
{
    private readonly int _countPlusOne;

    /// <param name="count">How many elements <paramref name="elements"/> encodes.</param>
    /// <param name="elements">The elements' encodings, one after the other.</param>
    public JuteVector(int count, ReadOnlySpan<byte> elements)
    {
        _countPlusOne = count + 1;
        Encoded = elements;
    }

    public bool IsNull => _countPlusOne == 0;

    /// <summary>Number of elements; null counts as 0.</summary>
    public int Count => Math.Max(_countPlusOne - 1, 0);

    /// <summary>The elements' encodings, one after the other.</summary>
    public ReadOnlySpan<byte> Encoded { get; }

    /// <summary>Reads past the elements; a count above what the input can hold is malformed, and costs nothing.</summary>
    public static JuteVector<T> Read(scoped ref JuteReader reader)
    {
        var count = reader.ReadInt();
        if (count == -1 || reader.Malformed)
            return default;
        var start = reader.Rest;
        for (var i = 0; i < count && !reader.Malformed; i++)
            _ = T.Read(ref reader);
        // A negative count other than -1 reads as empty, as in the Java reader.
        return reader.Malformed ? default : new JuteVector<T>(Math.Max(count, 0), start[..(start.Length - reader.Rest.Length)]);
    }

    public void Write(scoped ref JuteWriter writer)
    {
        writer.WriteInt(IsNull ? -1 : Count);
        writer.WriteRaw(Encoded);
    }

    public Enumerator GetEnumerator() => new(this);

    public ref struct Enumerator(JuteVector<T> vector)
    {
        private JuteReader _reader = new(vector.Encoded);
        private int _left = vector.Count;

        public T Current { get; private set; } = default!;

        public bool MoveNext()
        {
            if (_left-- <= 0)
                return false;
            Current = T.Read(ref _reader);
            return true;
        }
    }
}
