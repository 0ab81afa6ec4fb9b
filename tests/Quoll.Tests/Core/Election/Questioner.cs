using Quoll.Core;
using Quoll.Core.Election;
using Quoll.Core.Quorum;
using Quoll.Core.Zab;
using Quoll.Protocol;
using Quoll.Tests.Core.Zab;

namespace Quoll.Tests.Core.Election;

/// <summary>A basic election of one server, with what it asks, and answers, and is answered as a test wants it.</summary>
internal sealed class Questioner
{
    private readonly PeerLane _lane = new();
    private long _now = 1_000;

    public Questioner(long id, EnsembleConfig config)
    {
        var disk = new DiskLane();
        var ensemble = new Ensemble(id, config, new Epochs(0, 0, disk), History, _lane, disk, Notices)
        {
            TickTime = 1000,
            InitTime = 10_000,
            SyncTime = 5_000,
        };
        Election = new LeaderElection(ensemble, 1);
    }

    public static Zxid Has { get; } = Z.Of(2, 5);

    public LeaderElection Election { get; }

    public History History { get; } = new(Has);

    /// <summary>The questions of the last round, by the servers that were asked.</summary>
    public Dictionary<long, int> Asked { get; } = [];

    public List<ElectionAnswer> Answered { get; } = [];

    public List<Notice> Notices { get; } = [];

    public Questioner Look(Zxid? last = null, int epoch = 2)
    {
        Election.Look(last ?? Has, epoch, new Instant(_now));
        Take();
        return this;
    }

    /// <summary>A server answers the last question that it was asked.</summary>
    public Questioner Hear(long from, Vote vote, ServerState state = ServerState.Looking)
    {
        Hear(new ElectionAnswer(Asked[from], from, vote, state));
        return this;
    }

    public void Hear(ElectionAnswer answer)
    {
        var buffer = new LaneBuffer();
        answer.Write(buffer);
        Hear(buffer.Written.ToArray());
    }

    public void Hear(byte[] datagram)
    {
        Election.OnDatagram(datagram, "10.0.0.9:2888");
        Take();
    }

    public Questioner Pass(int milliseconds)
    {
        for (; milliseconds > 0; milliseconds -= 10)
        {
            _now += Math.Min(milliseconds, 10);
            Election.Advance(new Instant(_now));
            Take();
        }

        return this;
    }

    private void Take()
    {
        if (_lane.Effects.Exists(effect => effect.Kind == PeerEffectKind.Ask))
            Asked.Clear();
        foreach (var effect in _lane.Effects)
        {
            var bytes = _lane.Bytes.Written.Slice(effect.Offset, effect.Length);
            if (effect.Kind == PeerEffectKind.Ask)
                Asked.Add(effect.Server, System.Buffers.Binary.BinaryPrimitives.ReadInt32BigEndian(bytes));
            else if (ElectionAnswer.TryRead(bytes, out var answer))
                Answered.Add(answer);
        }

        _lane.Clear();
    }
}
