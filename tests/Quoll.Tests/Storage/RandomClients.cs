using System.Text;
using Quoll.Core.Tree;
using Quoll.Protocol;
using Quoll.Protocol.Jute;
using Quoll.Protocol.Records;

namespace Quoll.Tests.Storage;

using Client = Quoll.Core.Requests.Client;

/// <summary>Clients that ask for changes of every kind, on few paths, so that they get into each other's way.</summary>
internal sealed class RandomClients
{
    private static readonly string[] Names = ["a", "b", "c", "d"];
    private readonly ServerOnDisk _server;
    private readonly Random _random;
    private readonly List<Client> _clients = [];

    public RandomClients(ServerOnDisk server, Random random, int largestData = 120_000)
    {
        _server = server;
        _random = random;
        LargestData = largestData;
        for (var i = 0; i < 3; i++)
            _clients.Add(server.Connect());
        server.Sync();
        if (random.Next(2) == 0)
            SetQuota();
    }

    /// <summary>Rarely, data is of up to so many bytes, so that a snapshot takes more than one slice.</summary>
    public int LargestData { get; }

    public void Send()
    {
        var client = _clients[_random.Next(_clients.Count)];
        switch (_random.Next(40))
        {
            case 0:
                _clients.Remove(client);
                _clients.Add(_server.Connect());
                _server.Send(client, OpCode.CloseSession, static (ref _) => { });
                break;
            case < 6:
                _server.Send(client, OpCode.Multi, WriteMulti);
                break;
            default:
                var op = RandomOp();
                _server.Send(client, op, (ref writer) => WriteBody(ref writer, op));
                break;
        }
    }

    // The server then keeps the usage of /a below /zookeeper/quota by itself.
    private void SetQuota()
    {
        Create("/zookeeper/quota/a", "");
        Create("/zookeeper/quota/a/zookeeper_limits", "count=1000,bytes=-1");
        Create("/zookeeper/quota/a/zookeeper_stats", "count=0,bytes=0");
        _server.Sync();

        void Create(string path, string data) => _server.Send(_clients[0], OpCode.Create, (ref writer) =>
            writer.Write(new CreateRequest(Encoding.UTF8.GetBytes(path), Encoding.UTF8.GetBytes(data), RandomAcl().Vector, 0)));
    }

    private void WriteMulti(ref JuteWriter writer)
    {
        for (var count = _random.Next(1, 5); count > 0; count--)
        {
            var op = _random.Next(6) == 0 ? OpCode.Check : RandomOp();
            writer.Write(new MultiHeader((int)op, false, -1));
            WriteBody(ref writer, op);
        }

        writer.Write(new MultiHeader(-1, true, -1));
    }

    private OpCode RandomOp() => _random.Next(12) switch
    {
        < 4 => OpCode.Create,
        4 => OpCode.Create2,
        5 => OpCode.CreateContainer,
        6 => OpCode.CreateTtl,
        7 => OpCode.Delete,
        8 => OpCode.SetAcl,
        _ => OpCode.SetData,
    };

    private void WriteBody(ref JuteWriter writer, OpCode op)
    {
        var path = RandomPath();
        var version = _random.Next(3) == 0 ? _random.Next(3) : -1;
        switch (op)
        {
            case OpCode.Create or OpCode.Create2:
                writer.Write(new CreateRequest(path, RandomData(), RandomAcl().Vector, _random.Next(4)));
                break;
            case OpCode.CreateContainer:
                writer.Write(new CreateRequest(path, RandomData(), RandomAcl().Vector, (int)CreateMode.Container));
                break;
            case OpCode.CreateTtl:
                writer.Write(new CreateTtlRequest(path, RandomData(), RandomAcl().Vector, _random.Next(5, 7), 1_000_000));
                break;
            case OpCode.Delete:
                writer.Write(new DeleteRequest(path, version));
                break;
            case OpCode.SetData:
                writer.Write(new SetDataRequest(path, RandomData(), version));
                break;
            case OpCode.SetAcl:
                writer.Write(new SetAclRequest(path, RandomAcl().Vector, version));
                break;
            case OpCode.Check:
                writer.Write(new CheckVersionRequest(path, version));
                break;
        }
    }

    private byte[] RandomPath()
    {
        var path = "";
        for (var depth = _random.Next(1, 4); depth > 0; depth--)
            path += $"/{Names[_random.Next(Names.Length)]}";
        return Encoding.UTF8.GetBytes(_random.Next(50) == 0 ? "/" : path);
    }

    private byte[]? RandomData()
    {
        if (_random.Next(8) == 0)
            return null;
        var data = new byte[_random.Next(6) == 0 ? _random.Next(LargestData) : _random.Next(40)];
        _random.NextBytes(data);
        return data;
    }

    // Everyone may do everything under all of them, so that changes go on.
    private AclList RandomAcl() => new(
        [
            new AclEntry(Permissions.All, "world", "anyone"),
            .. Enumerable.Range(0, Math.Max(_random.Next(6) - 3, 0))
                .Select(_ => new AclEntry(Permissions.Read, "ip", $"10.0.0.{_random.Next(6)}")),
        ]);
}
