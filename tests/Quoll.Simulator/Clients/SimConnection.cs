using System.Buffers.Binary;

namespace Quoll.Simulator.Clients;

/// <summary>A client's connection to a server: bytes take their time, each way in their order, and are lost when it breaks.</summary>
internal sealed class SimConnection(Simulation simulation, SimServer server, ISimClient client)
{
    private readonly int _life = server.Life;
    private readonly List<byte> _inbox = [];
    private Core.Requests.Client? _peer;
    private long _lastUp;
    private long _lastDown;
    private bool _closed;

    /// <summary>False once the server is gone; nobody tells the client.</summary>
    public bool IsAlive => server.Life == _life;

    public long Server => server.Id;

    public void Connect(byte[] request) => Up(() =>
    {
        _peer = server.Peer!.OnConnected("10.0.0.1", this);
        server.Peer.OnFrame(_peer, request);
    });

    public void Send(byte[] frame, Action<SimServer> onArrival) => Up(() =>
    {
        onArrival(server);
        server.Peer!.OnFrame(_peer!, frame);
    });

    /// <summary>The client gives it up. What it has sent may still arrive; what it was sent is lost.</summary>
    public void Close()
    {
        if (_closed)
            return;
        Up(() =>
        {
            // Who gives up before he has said anything is not known here.
            if (_peer is { } peer)
                server.Peer!.OnClosed(peer);
        });
        _closed = true;
    }

    /// <summary>The server sends.</summary>
    public void OnSent(byte[] bytes) => Down(() =>
    {
        _inbox.AddRange(bytes);
        while (!_closed && _inbox.Count >= 4 && _inbox.Count - 4 >= Length())
        {
            var frame = _inbox.GetRange(4, Length()).ToArray();
            _inbox.RemoveRange(0, 4 + frame.Length);
            client.OnFrame(frame);
        }
    });

    /// <summary>The server closes.</summary>
    public void OnClosed() => Down(() =>
    {
        Close();
        client.OnLost(this);
    });

    private int Length() => BinaryPrimitives.ReadInt32BigEndian(System.Runtime.InteropServices.CollectionsMarshal.AsSpan(_inbox));

    private void Up(Action what)
    {
        if (_closed)
            return;
        _lastUp = Math.Max(_lastUp + 1, simulation.Now + simulation.Between(20, 500));
        simulation.After(_lastUp - simulation.Now, () =>
        {
            if (IsAlive)
                server.Do(_ => what());
        });
    }

    private void Down(Action what)
    {
        _lastDown = Math.Max(_lastDown + 1, simulation.Now + simulation.Between(20, 500));
        simulation.After(_lastDown - simulation.Now, () =>
        {
            if (!_closed)
                what();
        });
    }
}
