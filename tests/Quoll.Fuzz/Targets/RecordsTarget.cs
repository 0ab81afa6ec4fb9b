using System.Buffers;
using System.Text;
using System.Text.Unicode;
using Quoll.Core.Access;
using Quoll.Core.Requests;
using Quoll.Core.Tree;
using Quoll.Protocol;
using Quoll.Protocol.Jute;
using Quoll.Protocol.Records;

namespace Quoll.Fuzz.Targets;

/// <summary>Every record, and the small texts within them. The first byte of an input tells which; the rest is read.</summary>
internal sealed class RecordsTarget : IFuzzTarget
{
    private delegate string Reader(ReadOnlySpan<byte> bytes);

    private static readonly Reader[] Readers =
    [
        Record<Id>, Record<Acl>, Record<Stat>, Record<StatPersisted>, Record<ClientInfo>, Record<ConnectRequest>, Record<RequestHeader>,
        Record<CreateRequest>, Record<CreateTtlRequest>, Record<DeleteRequest>, Record<SetDataRequest>, Record<SetAclRequest>,
        Record<CheckVersionRequest>, Record<ReadRequest>, Record<PathRequest>, Record<SetWatchesRequest>, Record<SetWatches2Request>,
        Record<WatchesRequest>, Record<AddWatchRequest>, Record<AuthPacket>, Record<SaslRequest>, Record<MultiHeader>,
        Record<ConnectResponse>, Record<ReplyHeader>, Record<CreateResponse>, Record<Create2Response>, Record<GetDataResponse>,
        Record<GetAclResponse>, Record<GetChildrenResponse>, Record<GetChildren2Response>, Record<SyncResponse>,
        Record<GetEphemeralsResponse>, Record<GetAllChildrenNumberResponse>, Record<WhoAmIResponse>, Record<SaslResponse>,
        Record<ErrorResponse>, Record<WatcherEvent>, Record<TxnHeader>, Record<TxnDigest>, Record<CreateTxn>, Record<CreateTxnV0>,
        Record<CreateContainerTxn>, Record<CreateTtlTxn>, Record<DeleteTxn>, Record<SetDataTxn>, Record<SetAclTxn>,
        Record<CheckVersionTxn>, Record<CreateSessionTxn>, Record<CloseSessionTxn>, Record<ErrorTxn>, Record<SubTxn>, Record<MultiTxn>,
        Path, Text, Quota, Address, Multi,
    ];

    public string Name => "records";

    public IReadOnlyList<byte[]> Seeds()
    {
        var bodies = Requests.Changes().Concat(Requests.Questions()).Select(frame => frame[8..]).ToList();
        return
        [
            .. Enumerable.Range(0, Readers.Length).Select(reader => new[] { (byte)reader }.Concat(bodies[reader % bodies.Count]).ToArray()),
            .. bodies.SelectMany(body => Enumerable.Range(7, 14).Select(reader => new[] { (byte)reader }.Concat(body).ToArray())),
        ];
    }

    public List<byte[]> Split(byte[] input) => input.Length == 0 ? [] : [input[..1], input[1..]];

    public byte[] Join(IReadOnlyList<byte[]> parts) => [.. parts.SelectMany(part => part)];

    public string Run(byte[] input) => input.Length == 0 ? "nothing" : Readers[input[0] % Readers.Length](input.AsSpan(1));

    private static string Record<T>(ReadOnlySpan<byte> bytes)
        where T : IJuteRecord<T>, allows ref struct
    {
        var reader = new JuteReader(bytes);
        var record = T.Read(ref reader);
        if (reader.Malformed)
            return $"{typeof(T).Name} malformed";
        var taken = bytes[..(bytes.Length - reader.Rest.Length)];
        var once = Written(record);

        // Some encodings are read that are never written: any byte for true, any negative count for no elements.
        var again = new JuteReader(once);
        var twice = Written(T.Read(ref again));
        BrokenPromiseException.Unless(!again.Malformed && again.AtEnd, "what was written is read whole");
        BrokenPromiseException.Unless(once.Length == taken.Length, "as much is written as was read");
        BrokenPromiseException.Unless(once.AsSpan().SequenceEqual(twice), "what was written is written again");
        var same = once.AsSpan().SequenceEqual(taken);
        BrokenPromiseException.Unless(same || MayDiffer(taken, once), "only a flag or a count may be written otherwise");
        return $"{typeof(T).Name} {(same ? "whole" : "whole, but written otherwise")} {int.Log2(taken.Length + 1)}";
    }

    // A byte that became 1, or the four of a negative count that became 0.
    private static bool MayDiffer(ReadOnlySpan<byte> read, ReadOnlySpan<byte> written)
    {
        for (var at = 0; at < read.Length; at++)
        {
            if (read[at] != written[at] && written[at] != 1 && written[at] != 0)
                return false;
        }

        return true;
    }

    private static byte[] Written<T>(scoped in T record)
        where T : IJuteRecord<T>, allows ref struct
    {
        var output = new ArrayBufferWriter<byte>();
        var writer = new JuteWriter(output);
        writer.Write(record);
        writer.Commit();
        return output.WrittenSpan.ToArray();
    }

    private static string Path(ReadOnlySpan<byte> bytes)
    {
        if (!ZnodePath.IsValid(bytes))
            return "no path";
        BrokenPromiseException.Unless(bytes.Length == 1 || ZnodePath.Name(bytes).Length > 0, "a valid path ends in a name");
        BrokenPromiseException.Unless(Utf8.IsValid(bytes), "a valid path is UTF-8");
        return "a path";
    }

    private static string Text(ReadOnlySpan<byte> bytes)
    {
        var echoed = new JuteBytes(bytes).AsEchoed().ToArray()!;
        BrokenPromiseException.Unless(Utf8.IsValid(echoed), "what is echoed is UTF-8");
        var text = JavaText.Decode(bytes);
        BrokenPromiseException.Unless(JavaText.Decode(Encoding.UTF8.GetBytes(text)) == text, "text is the same once it is UTF-8");
        _ = JavaText.Encode(text);
        return Utf8.IsValid(bytes) ? "text" : "text mended";
    }

    private static string Quota(ReadOnlySpan<byte> bytes)
    {
        var once = QuotaText.Parse(bytes).ToBytes();
        BrokenPromiseException.Unless(QuotaText.Parse(once).ToBytes().AsSpan().SequenceEqual(once), "a quota is written as it is read");
        return $"quota {int.Log2(once.Length + 1)}";
    }

    private static string Address(ReadOnlySpan<byte> bytes)
    {
        var text = Encoding.Latin1.GetString(bytes);
        var valid = IpAddressText.IsValid(text);
        var matches = IpAddressText.Matches("10.0.0.1", text) | IpAddressText.Matches("::1", text) | IpAddressText.Matches(text, "::/0");
        BrokenPromiseException.Unless(valid || !matches, "what is no address matches none");
        return valid ? "an address" : "no address";
    }

    private static string Multi(ReadOnlySpan<byte> bytes)
    {
        var isChange = MultiRequest.TryCheck(bytes, out var count);
        BrokenPromiseException.Unless(!isChange || MultiRequest.IsWhole(bytes), "a multi of changes is whole");
        return isChange ? $"multi of {count}" : "no multi";
    }
}
