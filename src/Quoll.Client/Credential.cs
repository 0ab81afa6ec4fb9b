using System.Text;
using Quoll.Protocol.Jute;
using Quoll.Protocol.Records;

namespace Quoll.Client;

/// <summary>Who a client is, for ACLs: sent to every server that it connects to.</summary>
/// <param name="Scheme">Such as <c>digest</c>.</param>
/// <param name="Secret">For <c>digest</c>, <c>user:password</c>.</param>
public sealed record Credential(string Scheme, ReadOnlyMemory<byte> Secret)
{
    /// <summary>A user and a password, for the scheme <c>digest</c>.</summary>
    public static Credential Digest(string user, string password) => new("digest", Encoding.UTF8.GetBytes($"{user}:{password}"));

    /// <summary>The secret is not told.</summary>
    public override string ToString() => $"Credential {{ Scheme = {Scheme} }}";

    internal void Write(scoped ref JuteWriter writer) =>
        writer.Write(new AuthPacket(0, Encoding.UTF8.GetBytes(Scheme), Secret.Span));
}

/// <summary>An identity that a server has accepted a connection for.</summary>
/// <param name="Scheme">Such as <c>ip</c> or <c>digest</c>.</param>
/// <param name="User">The user, without what proves him.</param>
public readonly record struct Identity(string Scheme, string User);
