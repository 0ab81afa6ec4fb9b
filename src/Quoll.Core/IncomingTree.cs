using Quoll.Core.Tree;
using Quoll.Protocol;
using Quoll.Protocol.Jute;

namespace Quoll.Core;

/// <summary>A whole tree on its way from a leader: the body of a snapshot, and a signature behind it.</summary>
internal sealed class IncomingTree
{
    private readonly SnapshotLoader _loader;
    private readonly SnapshotParser _parser;

    public IncomingTree(RecoveredState state, Zxid zxid)
    {
        State = state;

        // An Apache leader writes its tree while it changes, and does not say so. The learner knows when it has all that is in it.
        state.Database.DigestsComparableFrom = new Zxid(long.MaxValue);
        _loader = new SnapshotLoader(state.Database, zxid);
        _parser = new SnapshotParser(_loader);
    }

    public static ReadOnlySpan<byte> Signature => "BenWasHere"u8;

    public RecoveredState State { get; }

    public bool Complete { get; private set; }

    /// <summary>Takes what can be taken; returns how many bytes it was.</summary>
    /// <exception cref="InvalidSnapshotException">No tree has such a part.</exception>
    public int Take(ReadOnlySpan<byte> bytes)
    {
        var taken = _parser.Take(bytes);
        if (!_parser.Complete)
            return taken;
        var reader = new JuteReader(bytes[taken..]);
        var signature = reader.ReadBytes();
        if (reader.Malformed)
            return taken;
        if (!signature.Span.SequenceEqual(Signature))
            throw new InvalidSnapshotException("the signature behind it is wrong");
        State.OnLoaded(_loader);
        Complete = true;
        return bytes.Length - reader.Rest.Length;
    }
}
