namespace Quoll.Simulator.Clients;

/// <summary>Whoever is at the client's end of a connection.</summary>
internal interface ISimClient
{
    void OnFrame(byte[] frame);

    /// <summary>The server has closed the connection.</summary>
    void OnLost(SimConnection connection);
}
