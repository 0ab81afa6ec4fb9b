using System.Buffers.Binary;
using System.Security.Cryptography;

namespace Quoll.Core.Sessions;

/// <summary>
/// The password of a session, which every server of an ensemble can compute: the first 16 bytes of Java's
/// <c>new Random(sessionId ^ 0xB3415C00L)</c>.
/// </summary>
internal static class SessionPassword
{
    public const int Length = 16;
    private const long Secret = 0xB3415C00L;
    private const long Multiplier = 0x5DEECE66DL;
    private const long Mask = (1L << 48) - 1;

    public static void Write(long sessionId, Span<byte> password)
    {
        var state = (sessionId ^ Secret ^ Multiplier) & Mask;
        for (var i = 0; i < Length; i += 4)
        {
            state = unchecked((state * Multiplier) + 0xB) & Mask;
            BinaryPrimitives.WriteInt32LittleEndian(password[i..], (int)(state >> 16));
        }
    }

    public static bool Matches(long sessionId, ReadOnlySpan<byte> password)
    {
        Span<byte> expected = stackalloc byte[Length];
        Write(sessionId, expected);
        return sessionId != 0 && CryptographicOperations.FixedTimeEquals(expected, password);
    }
}
