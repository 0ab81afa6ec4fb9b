namespace Quoll.Tests.Protocol.Checksums;

/// <summary>Lengths worth trying: every short one, since that is where the vector paths begin and end, and some long ones.</summary>
internal static class ChecksumLengths
{
    public static IEnumerable<int> Of(Random random)
    {
        for (var length = 0; length <= 400; length++)
            yield return length;

        for (var i = 0; i < 400; i++)
            yield return random.Next(401, 5001);

        yield return 5000;
    }
}
