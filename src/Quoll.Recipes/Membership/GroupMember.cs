namespace Quoll.Recipes;

/// <summary>A member of a group.</summary>
/// <param name="Id">Who it is.</param>
/// <param name="Payload">What it says of itself.</param>
/// <param name="Path">Its znode.</param>
/// <param name="SessionId">Its session.</param>
/// <param name="Since">Since when it has been in the group.</param>
public sealed record GroupMember(string Id, ReadOnlyMemory<byte> Payload, string Path, long SessionId, DateTimeOffset Since);
