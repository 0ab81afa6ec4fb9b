using Quoll.Core.Requests;
using Quoll.Protocol;
using Quoll.Protocol.Jute;
using Quoll.Protocol.Records;

namespace Quoll.Core;

/// <summary>
/// What the peer wants done. Each lane keeps its order; no lane waits for another. The host takes all of it after a step and then
/// clears it.
/// </summary>
public sealed class Outbox
{
    public ClientLane Clients { get; } = new();

    public DiskLane Disk { get; } = new();

    /// <summary>What goes to the other servers of the ensemble.</summary>
    public PeerLane Peers { get; } = new();

    /// <summary>State changes worth a line in the log.</summary>
    public List<Notice> Notices { get; } = [];

    public void Clear()
    {
        Clients.Clear();
        Disk.Effects.Clear();
        Peers.Clear();
        Notices.Clear();
    }
}

public enum ClientEffectKind
{
    /// <summary>Send bytes: whole frames, each with its length.</summary>
    Send,

    /// <summary>Close the connection once what was sent before is on its way.</summary>
    Close,
}

/// <summary>Something for one connection; bytes are a range of the lane's.</summary>
public readonly record struct ClientEffect(ClientEffectKind Kind, Client Client, int Offset, int Length);

/// <summary>Replies, events and closes, in the order in which each connection must see them.</summary>
public sealed class ClientLane
{
    /// <summary>Bytes of one step above which nothing is added that can wait for the next.</summary>
    private const int FullAt = 4 * 1024 * 1024;

    private int _frame;

    /// <summary>What can wait must: the host has enough to send.</summary>
    public bool IsFull => Bytes.Length >= FullAt;

    public List<ClientEffect> Effects { get; } = [];

    public LaneBuffer Bytes { get; } = new();

    internal RequestStats Stats { get; } = new();

    public void Close(Client client) => Effects.Add(new ClientEffect(ClientEffectKind.Close, client, 0, 0));

    internal void Clear()
    {
        Effects.Clear();
        Bytes.Clear();
    }

    /// <summary>Begins a frame: whatever is written next belongs to it.</summary>
    internal JuteWriter BeginFrame()
    {
        _frame = Bytes.Length;
        var writer = new JuteWriter(Bytes);
        writer.WriteInt(0);
        return writer;
    }

    internal JuteWriter BeginReply(int xid, long zxid, ErrorCode error)
    {
        var writer = BeginFrame();
        writer.Write(new ReplyHeader(xid, zxid, (int)error));
        return writer;
    }

    /// <summary>Ends the frame. Frames of one connection that follow each other become one effect.</summary>
    internal void EndFrame(ref JuteWriter writer, Client client)
    {
        var offset = EndFrame(ref writer);
        Send(client, offset);
    }

    /// <summary>Ends a frame that may go to several connections; returns where it begins.</summary>
    internal int EndFrame(ref JuteWriter writer)
    {
        writer.Commit();
        Bytes.Patch(_frame, Bytes.Length - _frame - 4);
        return _frame;
    }

    /// <summary>Sends the frame that ended last.</summary>
    internal void Send(Client client, int offset)
    {
        var length = Bytes.Length - offset;
        client.Stats.OnSent();
        Stats.Sent++;
        if (Effects.Count > 0 && Effects[^1] is { Kind: ClientEffectKind.Send } last && last.Client == client
            && last.Offset + last.Length == offset)
            Effects[^1] = last with { Length = last.Length + length };
        else
            Effects.Add(new ClientEffect(ClientEffectKind.Send, client, offset, length));
    }

    /// <summary>Takes back the frame that was begun.</summary>
    internal void DropFrame() => Bytes.TruncateTo(_frame);

    internal void Reply(Client client, int xid, long zxid, ErrorCode error)
    {
        var writer = BeginReply(xid, zxid, error);
        EndFrame(ref writer, client);
    }
}

public enum DiskEffectKind
{
    /// <summary>Append a transaction to the log; say <see cref="QuorumPeer.OnSynced"/> once it is on disk.</summary>
    Append,

    /// <summary>End the log file; the next transaction begins another.</summary>
    RollLog,

    /// <summary>Begin a snapshot named by this zxid.</summary>
    BeginSnapshot,

    /// <summary>Bytes of the snapshot; say <see cref="QuorumPeer.OnSnapshotWritten"/> each time such bytes have been taken.</summary>
    SnapshotBytes,

    /// <summary>Write the checksum of all bytes of the snapshot so far.</summary>
    SealSnapshot,

    /// <summary>The snapshot is whole: say <see cref="QuorumPeer.OnSnapshotSaved"/> once it is on disk under its name.</summary>
    EndSnapshot,

    /// <summary>Put the epoch of this zxid into the file <c>acceptedEpoch</c>; say <see cref="QuorumPeer.OnEpochSaved"/>.</summary>
    SaveAcceptedEpoch,

    /// <summary>Put the epoch of this zxid into the file <c>currentEpoch</c>; say <see cref="QuorumPeer.OnEpochSaved"/>.</summary>
    SaveCurrentEpoch,

    /// <summary>
    /// Drop every snapshot and all of the log after this zxid, if something would be left to begin with, and read again what there is: say
    /// <see cref="QuorumPeer.OnReloaded"/>. A snapshot that is being written is given up first, as for <see cref="Reload"/>: it may
    /// be of what is dropped.
    /// </summary>
    Truncate,

    /// <summary>
    /// Read again what is on disk: say <see cref="QuorumPeer.OnReloaded"/>. A snapshot that is being written is given up first: it is of
    /// what memory had until now, and must not come to the disk behind that.
    /// </summary>
    Reload,

    /// <summary>
    /// The snapshot of this zxid came from the leader: put away all other snapshots and logs, which may be of another history. Say
    /// <see cref="QuorumPeer.OnHistoryAdopted"/>.
    /// </summary>
    AdoptSnapshot,
}

/// <summary>Something for the disk. The bytes stay as they are until the peer has been told that it is done.</summary>
public readonly record struct DiskEffect(DiskEffectKind Kind, Zxid Zxid, ReadOnlyMemory<byte> Bytes);

public sealed class DiskLane
{
    public List<DiskEffect> Effects { get; } = [];

    internal void Add(DiskEffectKind kind, Zxid zxid, ReadOnlyMemory<byte> bytes = default) =>
        Effects.Add(new DiskEffect(kind, zxid, bytes));
}

public enum NoticeKind
{
    SessionCreated,
    SessionClosed,
    SessionExpired,
    SessionReattached,
    SessionRefused,
    ClientAheadOfServer,
    AuthenticationFailed,
    QuotaExceeded,
    DigestMismatch,
    DiskFull,
    DiskHasRoom,
    TimePassedUnseen,

    /// <summary>The server looks for a leader; the text says how far its history reaches.</summary>
    Looking,

    /// <summary>The server has no leader and serves reads meanwhile; the text says of what.</summary>
    ServingReads,

    /// <summary>A leader was chosen: the id.</summary>
    Elected,
    Leading,
    Following,

    /// <summary>The server no longer leads, or follows the one with this id; the text says why.</summary>
    RoleEnded,

    /// <summary>The server with this id has the leader's history and serves; the text says how it came to it.</summary>
    LearnerInSync,

    /// <summary>The leader has ended the connection of the server with this id; the text says why.</summary>
    LearnerRefused,

    /// <summary>A message of the election port that can't be read.</summary>
    NotificationDropped,

    /// <summary>The leader has ended a connection before it was clear whose it is; the text says from where it came, and why.</summary>
    StrangerRefused,

    /// <summary>The server with this id wants to learn, and no list has it: it is served, and counts for nothing.</summary>
    LearnerNotListed,

    /// <summary>The server with this id goes by another list of servers: the text says how it differs.</summary>
    ConfigDiffers,

    /// <summary>A datagram that does not fit: the text says from where it came, and why.</summary>
    DatagramDropped,

    /// <summary>The servers in the text have not said whom they would choose, and without them there is no leader yet.</summary>
    NoAnswer,
}

/// <summary>A state change for the host to log.</summary>
public readonly record struct Notice(NoticeKind Kind, long Id, long Value, string? Text = null);
