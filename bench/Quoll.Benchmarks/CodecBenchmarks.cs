using BenchmarkDotNet.Attributes;
using Quoll.Core;
using Quoll.Protocol.Jute;
using Quoll.Protocol.Records;
using Quoll.Tests.Core;

namespace Quoll.Benchmarks;

/// <summary>Bytes to records and back.</summary>
public class CodecBenchmarks
{
    private readonly byte[] _kilobyte = new byte[1024];
    private readonly byte[] _getData = WarmPeer.Frame(Ask.GetData("/load/k0000001"));
    private readonly byte[] _setData = WarmPeer.Frame(Ask.SetData("/load/k0000001", new string('x', 1024)));
    private readonly byte[] _create = WarmPeer.Frame(Ask.Create("/load/k0000001", new string('x', 100)));
    private readonly LaneBuffer _output = new();
    private byte[] _txn = [];

    [GlobalSetup]
    public void Setup()
    {
        WriteSetDataTxn();
        _txn = _output.Written.ToArray();
    }

    [Benchmark]
    public int ReadGetData()
    {
        var reader = new JuteReader(_getData);
        return RequestHeader.Read(ref reader).Xid + ReadRequest.Read(ref reader).Path.Length;
    }

    [Benchmark]
    public int ReadSetData()
    {
        var reader = new JuteReader(_setData);
        return RequestHeader.Read(ref reader).Xid + SetDataRequest.Read(ref reader).Data.Length;
    }

    [Benchmark]
    public int ReadCreate()
    {
        var reader = new JuteReader(_create);
        var sum = RequestHeader.Read(ref reader).Xid;
        foreach (var acl in CreateRequest.Read(ref reader).Acl)
            sum += acl.Perms;
        return sum;
    }

    [Benchmark]
    public int WriteGetDataReply()
    {
        _output.Clear();
        var writer = new JuteWriter(_output);
        writer.Write(new ReplyHeader(1, 2, 0));
        writer.Write(new GetDataResponse(_kilobyte, new Stat(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11)));
        writer.Commit();
        return _output.Length;
    }

    [Benchmark]
    public int WriteSetDataTxn()
    {
        _output.Clear();
        var writer = new JuteWriter(_output);
        writer.Write(new TxnHeader(1, 2, 3, 4, 5));
        writer.Write(new SetDataTxn("/load/k0000001"u8, _kilobyte, 1));
        writer.Write(new TxnDigest(2, 3));
        writer.Commit();
        return _output.Length;
    }

    [Benchmark]
    public long ReadSetDataTxn()
    {
        var reader = new JuteReader(_txn);
        return TxnHeader.Read(ref reader).Zxid + SetDataTxn.Read(ref reader).Data.Length + TxnDigest.Read(ref reader).TreeDigest;
    }
}
