using Quoll.Core;

namespace Quoll.Server.Peers;

/// <summary>By what servers reach each other to elect a leader: connections or datagrams.</summary>
internal interface IElectionPort : IAsyncDisposable
{
    /// <summary>Begins to reach the others, and goes on for as long as this server runs.</summary>
    void Start();

    /// <summary>On the loop: does what the peer wants said.</summary>
    void Take(in PeerEffect effect, ReadOnlySpan<byte> bytes);
}
