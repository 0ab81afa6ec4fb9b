using System.Buffers.Binary;
using System.Reflection;
using Quoll.Protocol.Jute;

namespace Quoll.Tests.Protocol;

/// <summary>Encodes any record from its constructor's parameters, without a line of the code that is tested.</summary>
internal static class RecordEncoding
{
    public static IEnumerable<Type> AllRecords =>
        typeof(JuteReader).Assembly.GetTypes().Where(type => type.GetCustomAttribute<JuteRecordAttribute>() is not null);

    public static byte[] Random(Type record, Random random)
    {
        var bytes = new List<byte>();
        Append(bytes, record, random);
        return [.. bytes];
    }

    private static void Append(List<byte> bytes, Type type, Random random)
    {
        if (type == typeof(int))
            AppendInt(bytes, random.Next(int.MinValue, int.MaxValue));
        else if (type == typeof(long))
            AppendLong(bytes, random.NextInt64(long.MinValue, long.MaxValue));
        else if (type == typeof(bool))
            bytes.Add((byte)random.Next(2));
        else if (type == typeof(JuteBytes))
            AppendBytes(bytes, random);
        else if (type.IsGenericType && type.GetGenericTypeDefinition() == typeof(JuteVector<>))
            AppendVector(bytes, type.GetGenericArguments()[0], random);
        else
            AppendFields(bytes, type, random);
    }

    private static void AppendFields(List<byte> bytes, Type record, Random random)
    {
        Assert.NotNull(record.GetCustomAttribute<JuteRecordAttribute>());
        var constructor = record.GetConstructors().Single(candidate => candidate.GetParameters().Length > 0);
        foreach (var parameter in constructor.GetParameters())
            Append(bytes, parameter.ParameterType, random);
    }

    // Null, empty, and something.
    private static void AppendBytes(List<byte> bytes, Random random)
    {
        var length = random.Next(4) switch { 0 => -1, 1 => 0, _ => random.Next(1, 20) };
        AppendInt(bytes, length);
        for (var i = 0; i < length; i++)
            bytes.Add((byte)random.Next(256));
    }

    private static void AppendVector(List<byte> bytes, Type element, Random random)
    {
        var count = random.Next(4) switch { 0 => -1, 1 => 0, _ => random.Next(1, 4) };
        AppendInt(bytes, count);
        for (var i = 0; i < count; i++)
            Append(bytes, element, random);
    }

    private static void AppendInt(List<byte> bytes, int value)
    {
        Span<byte> four = stackalloc byte[4];
        BinaryPrimitives.WriteInt32BigEndian(four, value);
        bytes.AddRange(four);
    }

    private static void AppendLong(List<byte> bytes, long value)
    {
        Span<byte> eight = stackalloc byte[8];
        BinaryPrimitives.WriteInt64BigEndian(eight, value);
        bytes.AddRange(eight);
    }
}
