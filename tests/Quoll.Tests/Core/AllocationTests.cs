
namespace Quoll.Tests.Core;

using Client = Quoll.Core.Requests.Client;

/// <summary>
/// What is on the way of every request leaves nothing to the garbage collector. Code that has just started is not compiled as code that
/// runs is, and tables grow while they fill: so rounds are made until one of them allocates nothing.
/// </summary>
public class AllocationTests
{
    private const int Rounds = 400;
    private const int RequestsOfRound = 1000;
    private static readonly string Kilobyte = new('x', 1024);
    private readonly WarmPeer _host = new();
    private readonly Client _client;

    public AllocationTests()
    {
        _client = _host.Connect();
        _host.Take(_client, Ask.Create("/a", Kilobyte));
        for (var i = 0; i < 100; i++)
            _host.Take(_client, Ask.Create($"/a/{i}"));
    }

    public static TheoryData<string> Reads => ["ping", "exists", "exists not", "getData", "getChildren", "getChildren2", "getACL", "sync"];

    [Theory]
    [MemberData(nameof(Reads))]
    public void A_read_allocates_nothing(string read)
    {
        var frame = WarmPeer.Frame(read switch
        {
            "ping" => Ask.Ping,
            "exists" => Ask.Exists("/a"),
            "exists not" => Ask.Exists("/a/none"),
            "getData" => Ask.GetData("/a"),
            "getChildren" => Ask.GetChildren("/a"),
            "getChildren2" => Ask.GetChildren2("/a"),
            "getACL" => Ask.GetAcl("/a"),
            _ => Ask.Sync("/a"),
        });

        AssertAllocatesNothing(() => _host.Take(_client, frame));
        AssertAnswered();
    }

    [Fact]
    public void A_read_that_waits_for_a_write_of_its_connection_allocates_nothing()
    {
        var (write, read) = (WarmPeer.Frame(Ask.SetData("/a", Kilobyte)), WarmPeer.Frame(Ask.GetData("/a")));

        AssertAllocatesNothing(() =>
        {
            _host.Peer.OnFrame(_client, write);
            _host.Take(_client, read);
        });
    }

    [Fact]
    public void Changing_data_allocates_nothing()
    {
        var frame = WarmPeer.Frame(Ask.SetData("/a", Kilobyte));

        AssertAllocatesNothing(() => _host.Take(_client, frame));
        AssertAnswered();
    }

    [Fact]
    public void A_refused_change_allocates_nothing()
    {
        var frame = WarmPeer.Frame(Ask.SetData("/a", Kilobyte, version: 77));

        AssertAllocatesNothing(() => _host.Take(_client, frame));
    }

    // What a deleted znode leaves is used by the next.
    [Fact]
    public void Creating_and_deleting_in_turn_allocates_nothing()
    {
        var (create, delete) = (WarmPeer.Frame(Ask.Create("/a/b", Kilobyte)), WarmPeer.Frame(Ask.Delete("/a/b")));

        AssertAllocatesNothing(() =>
        {
            _host.Take(_client, create);
            _host.Take(_client, delete);
        });
    }

    // The tables grow by pages; what they need for a znode of 100 bytes is its record, its place in the index, its name and its data.
    [Fact]
    public void Creating_allocates_no_more_than_the_znode_needs()
    {
        const int Count = 50_000;
        const int NeededAtMost = 400;
        var data = new string('x', 100);
        var frames = Enumerable.Range(0, 2 * Count).Select(i => WarmPeer.Frame(Ask.Create($"/a/n{i:d8}", data))).ToList();
        foreach (var frame in frames.Take(Count))
            _host.Take(_client, frame);

        var before = GC.GetAllocatedBytesForCurrentThread();
        foreach (var frame in frames.Skip(Count))
            _host.Take(_client, frame);
        var each = (GC.GetAllocatedBytesForCurrentThread() - before) / Count;

        Assert.InRange(each, 100, NeededAtMost);
    }

    [Theory]
    [InlineData(WatchMode.Once)]
    [InlineData(WatchMode.Persistent)]
    [InlineData(WatchMode.Recursive)]
    public void A_change_that_fires_a_hundred_watches_allocates_nothing(WatchMode mode)
    {
        var watchers = Enumerable.Range(0, 100).Select(_ => _host.Connect()).ToList();
        var watch = WarmPeer.Frame(Ask.GetData("/a/1", watch: true));
        foreach (var watcher in watchers.Where(_ => mode != WatchMode.Once))
            _host.Take(watcher, mode == WatchMode.Persistent ? Ask.AddWatch("/a/1", 0) : Ask.AddWatch("/a", 1));
        var change = WarmPeer.Frame(Ask.SetData("/a/1", "x"));

        AssertAllocatesNothing(
            () =>
            {
                if (mode == WatchMode.Once)
                {
                    foreach (var watcher in watchers)
                        _host.Take(watcher, watch);
                }

                _host.Take(_client, change);
            },
            requests: 20);

        var before = _host.Sent;
        if (mode != WatchMode.Once)
            _host.Take(_client, change);
        Assert.Equal(mode == WatchMode.Once ? 0 : 101, _host.Sent - before);
    }

    [Fact]
    public void Time_that_passes_allocates_nothing_while_sessions_are_heard()
    {
        var others = Enumerable.Range(0, 100).Select(_ => _host.Connect()).ToList();
        var ping = WarmPeer.Frame(Ask.Ping);

        AssertAllocatesNothing(
            () =>
            {
                _host.Pass(1000);
                foreach (var other in others)
                    _host.Take(other, ping);
                _host.Take(_client, ping);
            },
            requests: 20);
    }

    public enum WatchMode
    {
        Once,
        Persistent,
        Recursive,
    }

    private static void AssertAllocatesNothing(Action request, int requests = RequestsOfRound)
    {
        var least = long.MaxValue;
        for (var round = 0; round < Rounds && least > 0; round++)
        {
            var before = GC.GetAllocatedBytesForCurrentThread();
            for (var i = 0; i < requests; i++)
                request();
            least = Math.Min(least, GC.GetAllocatedBytesForCurrentThread() - before);
        }

        Assert.True(least == 0, $"{requests} of them allocate at least {least} bytes");
    }

    private void AssertAnswered() => Assert.True(_host.Sent > RequestsOfRound, "hardly anything was answered");
}
