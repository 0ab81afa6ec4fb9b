using System.Text;

namespace Quoll.Tests.Storage.Compression;

/// <summary>Bytes of every temper, made from a seed.</summary>
internal static class SnappySamples
{
    /// <summary>Lengths around the places where the format changes its mind: literals of 60 and 256, copies of 64, fragments.</summary>
    public static IEnumerable<int> Lengths(Random random)
    {
        for (var length = 0; length <= 150; length++)
            yield return length;

        foreach (var length in (int[])[255, 256, 257, 258, 4096, 32767, 32768, 32769, 65535, 65536, 65537, 200_000])
            yield return length;

        for (var i = 0; i < 60; i++)
            yield return random.Next(70_000);
    }

    /// <summary>The same length in bytes that do not compress, that are one run, and that repeat near and far.</summary>
    public static IEnumerable<byte[]> Of(Random random, int length)
    {
        var noise = new byte[length];
        random.NextBytes(noise);
        yield return noise;

        var run = new byte[length];
        Array.Fill(run, (byte)random.Next(256));
        yield return run;

        yield return Repeating(random, length);
        yield return Paths(random, length);
    }

    /// <summary>What a snapshot is like: paths with much in common.</summary>
    public static byte[] Paths(Random random, int length)
    {
        var text = new StringBuilder();
        while (text.Length < length)
            text.Append("/services/region-").Append(random.Next(4)).Append("/member-").Append(random.Next(100_000)).Append('\0', 20);

        return Encoding.ASCII.GetBytes(text.ToString(0, length));
    }

    // Noise, broken by copies of what came before, of any length and from any distance, overlapping ones among them.
    private static byte[] Repeating(Random random, int length)
    {
        var bytes = new byte[length];
        random.NextBytes(bytes);
        var at = 1;
        while (at < length)
        {
            var offset = random.Next(1, random.Next(2) == 0 ? Math.Min(at, 40) + 1 : at + 1);
            var end = Math.Min(length, at + random.Next(1, 200));
            for (; at < end; at++)
                bytes[at] = bytes[at - offset];

            at += random.Next(80);
        }

        return bytes;
    }
}
