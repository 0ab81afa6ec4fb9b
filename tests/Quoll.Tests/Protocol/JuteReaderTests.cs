using System.Buffers;
using System.Text;
using Quoll.Protocol.Jute;
using Quoll.Protocol.Records;

namespace Quoll.Tests.Protocol;

public class JuteReaderTests
{
    [Fact]
    public void Numbers_are_big_endian_and_signed()
    {
        var reader = new JuteReader(Hex("FFFFFFFE 0102030405060708 80 00 05"));

        Assert.Equal(-2, reader.ReadInt());
        Assert.Equal(0x0102030405060708, reader.ReadLong());
        Assert.Equal(0x80, reader.ReadByte());
        Assert.False(reader.ReadBool());
        Assert.True(reader.ReadBool());
        Assert.True(reader.AtEnd);
        Assert.False(reader.Malformed);
    }

    [Fact]
    public void Null_is_not_empty()
    {
        var reader = new JuteReader(Hex("FFFFFFFF 00000000 00000001 61"));
        var nothing = reader.ReadBytes();
        var empty = reader.ReadBytes();
        var letter = reader.ReadBytes();

        Assert.True(nothing.IsNull);
        Assert.Null(nothing.ToArray());
        Assert.False(empty.IsNull);
        Assert.Empty(empty.ToArray()!);
        Assert.Equal("a", letter.ToString());
        Assert.False(reader.Malformed);
        Assert.Equal("FFFFFFFF" + "00000000", Written(default(JuteBytes)) + Written(new JuteBytes([])));
    }

    [Theory]
    [InlineData("FFFFFFFE 00")]
    [InlineData("80000000 00")]
    [InlineData("7FFFFFFF 00")]
    [InlineData("00000002 00")]
    [InlineData("000000")]
    [InlineData("")]
    public void A_length_that_can_not_be_is_malformed(string hex)
    {
        var reader = new JuteReader(Hex(hex));

        Assert.Equal(0, reader.ReadBytes().Length);
        Assert.True(reader.Malformed);
        Assert.True(reader.AtEnd);
    }

    [Fact]
    public void After_a_fault_every_read_yields_nothing()
    {
        var reader = new JuteReader(Hex("FFFFFFF0 00000001 01"));
        reader.ReadBytes();

        Assert.Equal(0, reader.ReadInt());
        Assert.Equal(0, reader.ReadLong());
        Assert.False(reader.ReadBool());
        Assert.Equal(0, reader.ReadBytes().Length);
        Assert.Equal(0, JuteVector<Acl>.Read(ref reader).Count);
        Assert.True(reader.Malformed);
    }

    [Fact]
    public void A_vector_may_be_null_or_empty_or_have_elements()
    {
        var reader = new JuteReader(Hex("FFFFFFFF 00000000 00000002 00000001 61 FFFFFFFF"));
        var nothing = JuteVector<JuteBytes>.Read(ref reader);
        var empty = JuteVector<JuteBytes>.Read(ref reader);
        var two = JuteVector<JuteBytes>.Read(ref reader);

        Assert.True(nothing.IsNull);
        Assert.False(empty.IsNull);
        Assert.Equal((0, 0, 2), (nothing.Count, empty.Count, two.Count));
        var texts = new List<string?>();
        foreach (var text in two)
            texts.Add(text.IsNull ? null : text.ToString());
        Assert.Equal(["a", null], texts);
        Assert.True(reader.AtEnd);
        Assert.Equal("FFFFFFFF" + "00000000", Written(nothing) + Written(empty));
    }

    [Fact]
    public void A_negative_count_other_than_null_reads_as_empty()
    {
        var reader = new JuteReader(Hex("FFFFFFFE 00000007"));
        var vector = JuteVector<JuteBytes>.Read(ref reader);

        Assert.False(vector.IsNull);
        Assert.Equal(0, vector.Count);
        Assert.Equal(7, reader.ReadInt());
        Assert.False(reader.Malformed);
    }

    [Fact]
    public void A_count_that_the_input_can_not_hold_is_malformed_and_costs_nothing()
    {
        var bytes = Hex("7FFFFFFF 000000000000");
        AssertCostsNothing<JuteBytes>(bytes);
        AssertCostsNothing<Acl>(bytes);
        AssertCostsNothing<SubTxn>(bytes);
        AssertCostsNothing<ClientInfo>(bytes);
        AssertCostsNothing<JuteBytes>(Hex("7FFFFFFF"));
    }

    [Fact]
    public void What_is_not_committed_is_not_written()
    {
        var output = new ArrayBufferWriter<byte>();
        var writer = new JuteWriter(output);
        writer.WriteLong(1);
        Assert.Equal(8, writer.Written);
        Assert.Equal(0, output.WrittenCount);

        writer.Commit();
        writer.Commit();
        writer.WriteInt(2);
        writer.Commit();

        Assert.Equal("0000000000000001" + "00000002", Convert.ToHexString(output.WrittenSpan));
        Assert.Equal(12, writer.Written);
    }

    [Fact]
    public void A_writer_goes_on_where_a_buffer_ends()
    {
        var random = new Random(20260303);
        var output = new ArrayBufferWriter<byte>(1);
        var expected = new List<byte>();
        var writer = new JuteWriter(output);
        for (var i = 0; i < 500; i++)
        {
            var raw = new byte[random.Next(700)];
            random.NextBytes(raw);
            writer.WriteRaw(raw);
            writer.WriteByte((byte)i);
            expected.AddRange(raw);
            expected.Add((byte)i);
        }

        writer.Commit();
        Assert.True(output.WrittenSpan.SequenceEqual(expected.ToArray()));
    }

    [Fact]
    public void Text_that_is_no_utf8_leaves_as_it_would_from_java()
    {
        Assert.Equal("61EFBFBD62", Convert.ToHexString(new JuteBytes(Hex("61 FF 62")).AsEchoed().Span));
        Assert.Equal("EFBFBD", Convert.ToHexString(new JuteBytes(Hex("ED A0 80")).AsEchoed().Span));
        Assert.Equal("C3A4", Convert.ToHexString(new JuteBytes(Encoding.UTF8.GetBytes("ä")).AsEchoed().Span));
        Assert.Equal("61EDA0BDEDB880", Convert.ToHexString(new JuteBytes(Encoding.UTF8.GetBytes("a\U0001F600")).AsEchoed().Span));
        Assert.Equal("EFBFBDEDA0BDEDB880", Convert.ToHexString(new JuteBytes(Hex("FF F09F9880")).AsEchoed().Span));
        Assert.True(default(JuteBytes).AsEchoed().IsNull);
    }

    private static void AssertCostsNothing<T>(byte[] bytes)
        where T : IJuteRecord<T>, allows ref struct
    {
        Assert.Equal((true, 0), ReadVector<T>(bytes));
        var before = GC.GetAllocatedBytesForCurrentThread();
        var (malformed, count) = ReadVector<T>(bytes);
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
        Assert.True(malformed);
        Assert.Equal(0, count);
    }

    private static (bool Malformed, int Count) ReadVector<T>(byte[] bytes)
        where T : IJuteRecord<T>, allows ref struct
    {
        var reader = new JuteReader(bytes);
        var count = JuteVector<T>.Read(ref reader).Count;
        return (reader.Malformed, count);
    }

    private static string Written<T>(T record)
        where T : IJuteRecord<T>, allows ref struct
    {
        var output = new ArrayBufferWriter<byte>();
        var writer = new JuteWriter(output);
        writer.Write(record);
        writer.Commit();
        return Convert.ToHexString(output.WrittenSpan);
    }

    private static byte[] Hex(string text) => Convert.FromHexString(text.Replace(" ", "", StringComparison.Ordinal));
}
