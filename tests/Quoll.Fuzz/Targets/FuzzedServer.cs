using System.Buffers.Binary;
using Quoll.Core;
using Quoll.Core.Requests;
using Quoll.Protocol;
using Quoll.Storage;

namespace Quoll.Fuzz.Targets;

/// <summary>A peer with connections and a disk on which nothing happens by itself. It looks at all that is sent.</summary>
internal sealed class FuzzedServer : IDisposable
{
    private readonly Queue<Zxid> _unsynced = new();
    private readonly IDisk _disk;
    private SnapshotFileWriter? _snapshot;
    private long _now = 1_000_000;

    public FuzzedServer(RecoveredState state, IDisk disk, PeerOptions? options = null)
    {
        _disk = disk;
        Peer = new QuorumPeer(options ?? StateCheck.Options, state, new Instant(_now), 1_700_000_000_000);
    }

    public QuorumPeer Peer { get; }

    public List<byte[]> Log { get; } = [];

    public Connection Open()
    {
        var connection = new Connection();
        connection.Client = Peer.OnConnected("10.0.0.1", connection);
        return connection;
    }

    public void Send(Connection connection, ReadOnlySpan<byte> frame)
    {
        if (connection.IsClosed || !Peer.Accepts(connection.Client))
            return;
        Peer.OnFrame(connection.Client, frame);
        Take();
    }

    public void Close(Connection connection)
    {
        if (connection.IsGone)
            return;
        connection.IsGone = connection.IsClosed = true;
        Peer.OnClosed(connection.Client);
        Take();
    }

    public void SyncOne()
    {
        if (!_unsynced.TryDequeue(out var zxid))
            return;
        Peer.OnSynced(zxid);
        Take();
    }

    public void SyncAll()
    {
        do
        {
            while (_unsynced.Count > 0)
                SyncOne();
            if (Peer.HasMore)
                Pass(0);
        }
        while (_unsynced.Count > 0 || Peer.HasMore);
    }

    public void Pass(int milliseconds)
    {
        _now += milliseconds;
        Peer.Advance(new Instant(_now), 1_700_000_000_000 + _now);
        Take();
    }

    public void WriteSnapshot()
    {
        Peer.BeginSnapshot();
        Take();
    }

    public void Dispose() => _snapshot?.Dispose();

    private void Take()
    {
        var written = 1;
        while (written > 0)
        {
            written = 0;
            var outbox = Peer.Outbox;
            foreach (var effect in outbox.Disk.Effects)
                written += Take(effect);
            foreach (var effect in outbox.Clients.Effects)
                Take(effect, outbox.Clients.Bytes.Written);
            outbox.Clear();
            for (var i = 0; i < written; i++)
                Peer.OnSnapshotWritten();
        }
    }

    private int Take(in DiskEffect effect)
    {
        switch (effect.Kind)
        {
            case DiskEffectKind.Append:
                Log.Add(effect.Bytes.ToArray());
                _unsynced.Enqueue(effect.Zxid);
                break;
            case DiskEffectKind.BeginSnapshot:
                _snapshot = new SnapshotFileWriter(_disk, StateCheck.Directory, effect.Zxid, SnapshotCompression.None);
                break;
            case DiskEffectKind.SnapshotBytes:
                _snapshot!.Write(effect.Bytes.Span);
                return 1;
            case DiskEffectKind.SealSnapshot:
                _snapshot!.Seal();
                break;
            case DiskEffectKind.EndSnapshot:
                _snapshot!.Complete();
                _snapshot = null;
                break;
        }

        return 0;
    }

    private static void Take(in ClientEffect effect, ReadOnlySpan<byte> lane)
    {
        var connection = (Connection)effect.Client.Host!;
        if (effect.Kind == ClientEffectKind.Close)
        {
            connection.IsClosed = true;
            return;
        }

        BrokenPromiseException.Unless(!connection.IsClosed, "nothing is sent after the close");
        for (var bytes = lane.Slice(effect.Offset, effect.Length); !bytes.IsEmpty;)
        {
            BrokenPromiseException.Unless(bytes.Length >= 4, "a frame has a length");
            var length = BinaryPrimitives.ReadInt32BigEndian(bytes);
            BrokenPromiseException.Unless(length >= 16 && length <= bytes.Length - 4, "a frame is whole, and has a header");
            connection.OnFrame(bytes.Slice(4, length));
            bytes = bytes[(4 + length)..];
        }
    }

    /// <summary>One connection, and what was last said to it.</summary>
    internal sealed class Connection
    {
        public Client Client { get; set; } = null!;

        /// <summary>The server has closed it.</summary>
        public bool IsClosed { get; set; }

        /// <summary>The client has closed it, and the server was told.</summary>
        public bool IsGone { get; set; }

        public int Frames { get; private set; }

        public byte[] Last { get; private set; } = [];

        public void OnFrame(ReadOnlySpan<byte> frame)
        {
            if (Frames++ == 0)
            {
                var isResponse = frame.Length is 36 or 37 && BinaryPrimitives.ReadInt32BigEndian(frame) == 0;
                BrokenPromiseException.Unless(isResponse, "the first frame is a ConnectResponse");
            }

            Last = frame.ToArray();
        }
    }
}
