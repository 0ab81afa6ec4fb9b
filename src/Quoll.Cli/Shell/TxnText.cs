using System.Globalization;
using Quoll.Protocol;
using Quoll.Protocol.Jute;
using Quoll.Protocol.Records;

namespace Quoll.Cli.Shell;

/// <summary>A logged transaction as a line.</summary>
/// <param name="Zxid">Its number.</param>
/// <param name="Time">The leader's clock, in milliseconds since 1970.</param>
/// <param name="Session">Whose it is.</param>
/// <param name="What">What it does, to which path, with how many bytes.</param>
internal readonly record struct TxnText(long Zxid, long Time, long Session, string What)
{
    /// <param name="txn">As it is logged.</param>
    /// <param name="length">How much of it is the transaction; behind that may be the digest of the tree.</param>
    public static TxnText Read(ReadOnlySpan<byte> txn, out int length)
    {
        var reader = new JuteReader(txn);
        var header = TxnHeader.Read(ref reader);
        var what = Describe((OpCode)header.Type, ref reader);
        length = reader.Malformed ? txn.Length : txn.Length - reader.Rest.Length;
        return new TxnText(header.Zxid, header.Time, header.ClientId, reader.Malformed ? $"{what}, which makes no sense" : what);
    }

    public override string ToString() =>
        string.Create(CultureInfo.InvariantCulture, $"0x{Zxid:x} {StatText.Utc(Time)} session 0x{Session:x} {What}");

    private static string Describe(OpCode type, scoped ref JuteReader reader)
    {
        switch (type)
        {
            case OpCode.Create or OpCode.Create2:
                var start = reader;
                var create = CreateTxn.Read(ref reader);
                if (!reader.Malformed)
                    return Create(create.Path, create.Data, create.Ephemeral);

                // Before 3.5 they had no version of the parent.
                reader = start;
                var old = CreateTxnV0.Read(ref reader);
                return Create(old.Path, old.Data, old.Ephemeral);
            case OpCode.CreateContainer:
                var container = CreateContainerTxn.Read(ref reader);
                return $"create container {Text(container.Path)} ({container.Data.Length} bytes)";
            case OpCode.CreateTtl:
                var ttl = CreateTtlTxn.Read(ref reader);
                return $"create with a time to live of {ttl.Ttl} ms {Text(ttl.Path)} ({ttl.Data.Length} bytes)";
            case OpCode.Delete or OpCode.DeleteContainer:
                return $"delete {Text(DeleteTxn.Read(ref reader).Path)}";
            case OpCode.SetData or OpCode.Reconfig:
                var set = SetDataTxn.Read(ref reader);
                return $"set {Text(set.Path)} ({set.Data.Length} bytes, version {set.Version})";
            case OpCode.SetAcl:
                var acl = SetAclTxn.Read(ref reader);
                return $"set the ACL of {Text(acl.Path)} (version {acl.Version})";
            case OpCode.Check:
                return $"check {Text(CheckVersionTxn.Read(ref reader).Path)}";
            case OpCode.CreateSession:
                return $"begin a session of {CreateSessionTxn.Read(ref reader).Timeout} ms";
            case OpCode.CloseSession:
                return "end the session";
            case OpCode.Error:
                return $"refused: {(ErrorCode)ErrorTxn.Read(ref reader).Error}";
            case OpCode.Multi:
                return DescribeAll(MultiTxn.Read(ref reader));
            default:
                return $"a transaction of the unknown kind {(int)type}";
        }
    }

    private static string Create(JuteBytes path, JuteBytes data, bool isEphemeral) =>
        $"create{(isEphemeral ? " ephemeral" : "")} {Text(path)} ({data.Length} bytes)";

    private static string DescribeAll(MultiTxn multi)
    {
        var parts = new List<string>();
        foreach (var part in multi.Txns)
        {
            var reader = new JuteReader(part.Body.Span);
            parts.Add(Describe((OpCode)part.Type, ref reader));
        }

        return $"all of: {string.Join("; ", parts)}";
    }

    private static string Text(JuteBytes path) => path.ToString();
}
