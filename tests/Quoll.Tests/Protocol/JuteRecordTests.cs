using System.Buffers;
using System.Reflection;
using Quoll.Protocol.Jute;

namespace Quoll.Tests.Protocol;

/// <summary>What holds for every record there is, found by reflection, so that none is forgotten.</summary>
public class JuteRecordTests
{
    private const int Samples = 50;

    public static TheoryData<Type> Records => [.. RecordEncoding.AllRecords];

    [Fact]
    public void There_are_records() => Assert.InRange(RecordEncoding.AllRecords.Count(), 40, 400);

    [Theory]
    [MemberData(nameof(Records))]
    public void A_record_reads_and_writes_its_fields_in_the_order_of_its_declaration(Type record)
    {
        foreach (var sample in SamplesOf(record))
            Assert.Equal(Convert.ToHexString(sample), Convert.ToHexString(Rewrite(record, sample)));
    }

    [Theory]
    [MemberData(nameof(Records))]
    public void A_record_takes_no_more_than_its_own_bytes(Type record)
    {
        foreach (var sample in SamplesOf(record))
            Assert.Equal((false, 7), Read(record, [.. sample, 1, 2, 3, 4, 5, 6, 7]));
    }

    [Theory]
    [MemberData(nameof(Records))]
    public void A_record_cut_anywhere_is_malformed(Type record)
    {
        foreach (var sample in SamplesOf(record))
        {
            for (var length = 0; length < sample.Length; length++)
                Assert.Equal((true, 0), Read(record, sample[..length]));
        }
    }

    [Theory]
    [MemberData(nameof(Records))]
    public void Any_bytes_at_all_are_read_without_a_throw(Type record)
    {
        var random = new Random(20260301);
        for (var i = 0; i < 500; i++)
        {
            var bytes = new byte[random.Next(100)];
            random.NextBytes(bytes);

            // Small numbers make lengths and counts that might be true.
            for (var at = 0; at + 4 <= bytes.Length; at += random.Next(1, 9))
                bytes.AsSpan(at, 3).Clear();
            Read(record, bytes);
        }
    }

    [Theory]
    [MemberData(nameof(Records))]
    public void Reading_a_record_allocates_nothing(Type record)
    {
        var sample = SamplesOf(record).MaxBy(bytes => bytes.Length)!;
        var measure = Generic(nameof(AllocatedByReading), record).CreateDelegate<Func<byte[], long>>();
        measure(sample);

        // What reading allocates it allocates each time; what the runtime does for itself on this thread comes now and then.
        Assert.Contains(0, Enumerable.Range(0, 5).Select(_ => measure(sample)));
    }

    private static IEnumerable<byte[]> SamplesOf(Type record)
    {
        var random = new Random(20260302);
        for (var i = 0; i < Samples; i++)
            yield return RecordEncoding.Random(record, random);
    }

    private static byte[] Rewrite(Type record, byte[] bytes) => (byte[])Generic(nameof(RewriteAs), record).Invoke(null, [bytes])!;

    private static (bool Malformed, int Left) Read(Type record, byte[] bytes) =>
        ((bool, int))Generic(nameof(ReadAs), record).Invoke(null, [bytes])!;

    private static MethodInfo Generic(string name, Type record) =>
        typeof(JuteRecordTests).GetMethod(name, BindingFlags.NonPublic | BindingFlags.Static)!.MakeGenericMethod(record);

    private static byte[] RewriteAs<T>(byte[] bytes)
        where T : IJuteRecord<T>, allows ref struct
    {
        var reader = new JuteReader(bytes);
        var record = T.Read(ref reader);
        Assert.False(reader.Malformed);
        Assert.True(reader.AtEnd);
        var output = new ArrayBufferWriter<byte>();
        var writer = new JuteWriter(output);
        writer.Write(record);
        Assert.Equal(bytes.Length, writer.Written);
        writer.Commit();
        return output.WrittenSpan.ToArray();
    }

    private static (bool Malformed, int Left) ReadAs<T>(byte[] bytes)
        where T : IJuteRecord<T>, allows ref struct
    {
        var reader = new JuteReader(bytes);
        _ = T.Read(ref reader);
        return (reader.Malformed, reader.Rest.Length);
    }

    private static long AllocatedByReading<T>(byte[] bytes)
        where T : IJuteRecord<T>, allows ref struct
    {
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 100; i++)
        {
            var reader = new JuteReader(bytes);
            _ = T.Read(ref reader);
        }

        return GC.GetAllocatedBytesForCurrentThread() - before;
    }
}
