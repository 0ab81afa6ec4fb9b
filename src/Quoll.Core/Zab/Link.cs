namespace Quoll.Core.Zab;

/// <summary>One connection of the quorum port. A server that comes back has another, so that late packets are told apart.</summary>
public sealed class Link
{
    internal Link(object? host) => Host = host;

    /// <summary>What the host knows this connection by; the peer never looks at it.</summary>
    public object? Host { get; set; }

    /// <summary>Nothing more is heard from it or said to it.</summary>
    internal bool Closed { get; set; }
}
