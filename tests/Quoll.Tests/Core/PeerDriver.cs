using Quoll.Core;
using Quoll.Protocol;

namespace Quoll.Tests.Core;

/// <summary>
/// A peer as a pure object, with a test for its host: it makes connections, carries bytes both ways, lets the disk finish when the
/// test says so, and moves the time.
/// </summary>
internal sealed class PeerDriver : ITestHost
{
    private readonly Queue<Zxid> _unsynced = new();
    private int _snapshotBytesUntaken;

    public PeerDriver(PeerOptions? options = null, RecoveredState? recovered = null)
    {
        Options = options ?? new PeerOptions();
        Peer = new QuorumPeer(Options, recovered ?? new RecoveredState(Options), new Instant(Now), WallClock);
    }

    public PeerOptions Options { get; }

    public QuorumPeer Peer { get; }

    public long Now { get; private set; } = 1_000_000;

    public long WallClock { get; set; } = 1_700_000_000_000;

    /// <summary>Every transaction given to the disk, synced or not.</summary>
    public List<(Zxid Zxid, byte[] Txn)> Log { get; } = [];

    public List<Notice> Notices { get; } = [];

    /// <summary>The bytes of the last snapshot, once it is whole.</summary>
    public byte[]? Snapshot { get; private set; }

    /// <summary>The snapshot's disk takes bytes only when the test says so.</summary>
    public bool SnapshotDiskIsSlow { get; set; }

    public int Unsynced => _unsynced.Count;

    private List<byte> SnapshotSoFar { get; } = [];

    /// <summary>Makes a connection that says nothing yet.</summary>
    public TestClient Open(string address = "127.0.0.1")
    {
        var client = new TestClient(this, address);
        client.Connection = Peer.OnConnected(address, client);
        return client;
    }

    /// <summary>A client with a session.</summary>
    public TestClient Connect(int timeout = 10_000, string address = "127.0.0.1")
    {
        var client = Open(address);
        client.SendConnect(timeout);
        SyncAll();
        Assert.NotEqual(0, client.SessionId);
        return client;
    }

    /// <summary>A client that comes back to its session.</summary>
    public TestClient Reattach(TestClient before, byte[]? password = null, int timeout = 10_000)
    {
        var client = Open(before.Address);
        client.SendConnect(timeout, before.SessionId, password ?? before.Password);
        SyncAll();
        return client;
    }

    /// <summary>The disk finishes the oldest transaction that it has not.</summary>
    public void SyncOne()
    {
        Peer.OnSynced(_unsynced.Dequeue());
        Collect();
    }

    /// <summary>The disk finishes all it has, and whatever follows from that.</summary>
    public void SyncAll()
    {
        while (_unsynced.Count > 0)
        {
            var last = _unsynced.Last();
            _unsynced.Clear();
            Peer.OnSynced(last);
            Collect();
            while (Peer.HasMore)
                Jump(0);
        }
    }

    /// <summary>Time passes, in steps no longer than a running host makes.</summary>
    public void Pass(long milliseconds)
    {
        for (var left = milliseconds; left > 0; left -= 250)
            Jump(Math.Min(left, 250));
    }

    /// <summary>Time passes at once, as when the process was stopped.</summary>
    public void Jump(long milliseconds)
    {
        Now += milliseconds;
        WallClock += milliseconds;
        Peer.Advance(new Instant(Now), WallClock);
        Collect();
    }

    /// <summary>Takes what the peer has to say, as the host does after each step.</summary>
    public void Collect()
    {
        do
        {
            var outbox = Peer.Outbox;
            foreach (var effect in outbox.Clients.Effects)
            {
                var client = (TestClient)effect.Client.Host!;
                if (effect.Kind == ClientEffectKind.Send)
                    client.OnBytes(outbox.Clients.Bytes.Written.Slice(effect.Offset, effect.Length).ToArray());
                else
                    client.OnClose();
            }

            foreach (var effect in outbox.Disk.Effects)
                Take(effect);
            Notices.AddRange(outbox.Notices);
            outbox.Clear();
        }
        while (TakeSnapshotBytes());
    }

    /// <summary>The snapshot's disk has taken the oldest bytes.</summary>
    public bool TakeSnapshotBytes()
    {
        if (_snapshotBytesUntaken == 0 || SnapshotDiskIsSlow)
            return false;
        _snapshotBytesUntaken--;
        Peer.OnSnapshotWritten();
        return true;
    }

    /// <summary>A state made from the log alone, as after a restart.</summary>
    public RecoveredState Replay(RecoveredState? onto = null)
    {
        var state = onto ?? new RecoveredState(Options);
        foreach (var (zxid, txn) in Log)
        {
            if (zxid > state.LastZxid)
                state.Replay(txn);
        }

        return state;
    }

    private void Take(in DiskEffect effect)
    {
        switch (effect.Kind)
        {
            case DiskEffectKind.Append:
                Log.Add((effect.Zxid, effect.Bytes.ToArray()));
                _unsynced.Enqueue(effect.Zxid);
                break;
            case DiskEffectKind.BeginSnapshot:
                SnapshotSoFar.Clear();
                break;
            case DiskEffectKind.SnapshotBytes:
                SnapshotSoFar.AddRange(effect.Bytes.Span);
                _snapshotBytesUntaken++;
                break;
            case DiskEffectKind.EndSnapshot:
                Snapshot = [.. SnapshotSoFar];
                break;
            case DiskEffectKind.RollLog or DiskEffectKind.SealSnapshot:
                break;
        }
    }
}
