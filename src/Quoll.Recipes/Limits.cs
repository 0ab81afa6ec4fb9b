namespace Quoll.Recipes;

/// <summary>What fits into a request. A server closes the connection of a client who sends more, and would again and again.</summary>
internal static class Limits
{
    // What servers take if they are not told otherwise is 2^20 - 1 bytes, with all that belongs to the request.
    public const int MostBytes = 1_000_000;

    public static void ValidateData(ReadOnlyMemory<byte> data)
    {
        if (data.Length > MostBytes)
            throw new ArgumentException($"A znode's data has at most {MostBytes} bytes, but {data.Length} were given.", nameof(data));
    }
}
