using System.Text.Json;

namespace Quoll.Samples.MailCollectors;

/// <summary>What a worker says of itself in its znode.</summary>
/// <param name="Process">Its process, for whoever wants to kill it.</param>
/// <param name="Accounts">How many accounts it owns.</param>
/// <param name="PerSecond">How many collections it made in the last second.</param>
internal sealed record Load(int Process, int Accounts, int PerSecond)
{
    public byte[] Write() => JsonSerializer.SerializeToUtf8Bytes(this);

    public static Load Read(ReadOnlyMemory<byte> payload) => JsonSerializer.Deserialize<Load>(payload.Span)!;
}
