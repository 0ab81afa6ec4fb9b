using System.Runtime.InteropServices;
using Quoll.Core;
using Quoll.Protocol;

namespace Quoll.Tests.Core;

using Client = Quoll.Core.Requests.Client;

/// <summary>
/// A peer with a host that keeps nothing of what it says and whose disk is done at once, so that what is measured is the peer's own.
/// The benchmarks use it too.
/// </summary>
internal sealed class WarmPeer
{
    private long _now = 1_000_000;

    public WarmPeer()
    {
        var options = new PeerOptions { SnapCount = int.MaxValue, SnapSizeLimit = 0 };
        Peer = new QuorumPeer(options, new RecoveredState(options), new Instant(_now), 1_700_000_000_000);
    }

    public QuorumPeer Peer { get; }

    /// <summary>Replies and events so far; frames to one connection that follow each other count as one.</summary>
    public long Sent { get; private set; }

    /// <summary>Bytes of them.</summary>
    public long SentBytes { get; private set; }

    public static byte[] Frame(Ask ask, int xid = 1) => new Bytes().Int(xid).Int((int)ask.Op).Raw(ask.Body).ToArray();

    /// <summary>A connection with a session.</summary>
    public Client Connect()
    {
        var client = Peer.OnConnected("127.0.0.1", null);
        Take(client, new Bytes().Int(0).Long(0).Int(30_000).Long(0).Buffer(new byte[16]).ToArray());
        return client;
    }

    public void Take(Client client, Ask ask) => Take(client, Frame(ask));

    /// <summary>Gives the peer a frame and does all that it asks for.</summary>
    public void Take(Client client, ReadOnlySpan<byte> frame)
    {
        Peer.OnFrame(client, frame);
        Settle();
    }

    public void Pass(long milliseconds)
    {
        _now += milliseconds;
        Peer.Advance(new Instant(_now), 1_700_000_000_000 + _now);
        Settle();
    }

    /// <summary>Takes what the peer has to say, until it has no more.</summary>
    public void Settle()
    {
        var outbox = Peer.Outbox;
        do
        {
            foreach (ref readonly var effect in CollectionsMarshal.AsSpan(outbox.Clients.Effects))
            {
                Sent++;
                SentBytes += effect.Length;
            }

            Zxid logged = default;
            foreach (ref readonly var effect in CollectionsMarshal.AsSpan(outbox.Disk.Effects))
                logged = effect.Zxid;
            outbox.Clear();
            if (logged > default(Zxid))
                Peer.OnSynced(logged);
            else if (Peer.HasMore)
                Peer.Advance(new Instant(_now), 1_700_000_000_000 + _now);
        }
        while (outbox.Clients.Effects.Count > 0 || outbox.Disk.Effects.Count > 0 || Peer.HasMore);
    }
}
