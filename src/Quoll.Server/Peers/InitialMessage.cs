using System.Buffers.Binary;
using System.Text;

namespace Quoll.Server.Peers;

/// <summary>What a server says first when it connects to an election port: who it is, and where it can be reached itself.</summary>
/// <param name="Server">Its number.</param>
/// <param name="Addresses">Its election address as it knows it; several with a bar between them; empty for servers before 3.5.</param>
internal readonly record struct InitialMessage(long Server, string Addresses)
{
    /// <summary>Everything before the addresses.</summary>
    public const int HeaderLength = 20;

    /// <summary>One address; the version that every server since 3.5 takes.</summary>
    private const long Version = -65536;
    private const int LongestAddresses = 2048;
    private const int OldLength = 8;

    /// <summary>The number that servers give who have none: they only watch, and are told apart by the connection.</summary>
    public const long Anonymous = long.MaxValue;

    public byte[] ToBytes()
    {
        var address = Encoding.UTF8.GetBytes(Addresses);
        var bytes = new byte[HeaderLength + address.Length];
        BinaryPrimitives.WriteInt64BigEndian(bytes, Version);
        BinaryPrimitives.WriteInt64BigEndian(bytes.AsSpan(8), Server);
        BinaryPrimitives.WriteInt32BigEndian(bytes.AsSpan(16), address.Length);
        address.CopyTo(bytes, HeaderLength);
        return bytes;
    }

    /// <summary>Reads it from the beginning of a connection.</summary>
    /// <param name="bytes">What has come so far.</param>
    /// <param name="message">What it says.</param>
    /// <param name="length">Its length; 0 if more has to come.</param>
    /// <returns>False if it can't be one.</returns>
    public static bool TryRead(ReadOnlySpan<byte> bytes, out InitialMessage message, out int length)
    {
        (message, length) = (default, 0);
        if (bytes.Length < OldLength)
            return true;
        var first = BinaryPrimitives.ReadInt64BigEndian(bytes);

        // Servers before 3.5 say their number and nothing else.
        if (first >= 0)
        {
            (message, length) = (new InitialMessage(first, ""), OldLength);
            return true;
        }

        if (first is not (Version or Version + 1))
            return false;
        if (bytes.Length < HeaderLength)
            return true;
        var addressLength = BinaryPrimitives.ReadInt32BigEndian(bytes[16..]);
        if (addressLength is <= 0 or > LongestAddresses)
            return false;
        if (bytes.Length < HeaderLength + addressLength)
            return true;
        var addresses = Encoding.UTF8.GetString(bytes.Slice(HeaderLength, addressLength));
        (message, length) = (new InitialMessage(BinaryPrimitives.ReadInt64BigEndian(bytes[8..]), addresses), HeaderLength + addressLength);
        return true;
    }
}
