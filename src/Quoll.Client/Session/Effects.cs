using System.Buffers;

namespace Quoll.Client.Session;

/// <summary>What a session's machine wants done. The host does it after each call, and clears it.</summary>
internal sealed class Effects
{
    /// <summary>Bytes for the connection that counts.</summary>
    public ArrayBufferWriter<byte> Output { get; set; } = new();

    /// <summary>Callers who are to go on, each on a thread that belongs to nobody, begun in this order.</summary>
    public List<IThreadPoolWorkItem> Work { get; } = [];

    public List<StateChange> Changes { get; } = [];

    /// <summary>Attempts that came to nothing, and why.</summary>
    public List<(ServerAddress Server, string Why)> Attempts { get; } = [];

    /// <summary>The connection that there is, or is being made, is to be given up, before anything else.</summary>
    public bool Drop { get; set; }

    /// <summary>A server is to be connected to.</summary>
    public ServerAddress? Dial { get; set; }

    /// <summary>A server is to be asked, on a connection of its own, whether it has a quorum.</summary>
    public ServerAddress? Probe { get; set; }
}
