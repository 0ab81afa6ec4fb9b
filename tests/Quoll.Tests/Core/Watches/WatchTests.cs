using Quoll.Protocol;

namespace Quoll.Tests.Core.Watches;

public sealed class WatchTests
{
    private const int Persistent = 0;
    private const int Recursive = 1;
    private readonly PeerDriver _driver = new();
    private readonly TestClient _watcher;
    private readonly TestClient _client;

    public WatchTests()
    {
        _watcher = _driver.Connect();
        _client = _driver.Connect();
        _client.Do(Ask.Create("/p"));
        _client.Do(Ask.Create("/p/n", "x"));
    }

    [Fact]
    public void An_exists_watch_waits_for_the_creation_and_is_used_up_by_it()
    {
        Assert.Equal(ErrorCode.NoNode, _watcher.ErrorOf(Ask.Exists("/a", watch: true)));

        _client.Do(Ask.Create("/a"));
        _client.Do(Ask.SetData("/a", "x"));

        AssertSeen(_watcher, new Seen(EventType.NodeCreated, "/a"));
    }

    [Fact]
    public void What_is_watched_is_the_text_of_the_paths_bytes_which_need_not_be_any()
    {
        _watcher.Call(new Ask(OpCode.Exists, new Bytes().Buffer([.. "/a"u8, 0xFF]).Bool(true).ToArray()));

        Assert.Equal(ErrorCode.Ok, _watcher.ErrorOf(Ask.CheckWatches("/a\uFFFD", WatcherType.Data)));
        Assert.Equal(ErrorCode.Ok, _watcher.ErrorOf(Ask.RemoveWatches("/a\uFFFD", WatcherType.Any)));
        Assert.Equal(0, _driver.Peer.Introspection.WatchCount);
    }

    [Fact]
    public void Reads_that_fail_leave_no_watch()
    {
        Assert.Equal(ErrorCode.NoNode, _watcher.ErrorOf(Ask.GetData("/a", watch: true)));
        Assert.Equal(ErrorCode.NoNode, _watcher.ErrorOf(Ask.GetChildren("/a", watch: true)));
        _client.Do(Ask.Create("/closed", "", CreateMode.Persistent, new AclLine(2, "world", "anyone")));
        Assert.Equal(ErrorCode.NoAuth, _watcher.ErrorOf(Ask.Exists("/closed", watch: true)));

        Assert.Equal(0, _driver.Peer.Introspection.WatchCount);
    }

    [Fact]
    public void Data_watches_see_changes_and_deletion_but_not_children_and_lists()
    {
        Watch(Ask.GetData("/p/n", watch: true));
        _client.Do(Ask.Create("/p/n/c"));
        _client.Do(Ask.SetAcl("/p/n", -1, AclLine.Open));
        AssertSeen(_watcher);

        _client.Do(Ask.SetData("/p/n", "y"));
        AssertSeen(_watcher, new Seen(EventType.NodeDataChanged, "/p/n"));

        Watch(Ask.Exists("/p/n", watch: true));
        _client.Do(Ask.Delete("/p/n/c"));
        _client.Do(Ask.Delete("/p/n"));
        AssertSeen(_watcher, new Seen(EventType.NodeDeleted, "/p/n"));
    }

    [Fact]
    public void Child_watches_see_children_come_and_go_and_the_parents_end()
    {
        Watch(Ask.GetChildren("/p", watch: true));
        _client.Do(Ask.SetData("/p", "y"));
        _client.Do(Ask.SetData("/p/n", "y"));
        AssertSeen(_watcher);
        _client.Do(Ask.Create("/p/m"));
        AssertSeen(_watcher, new Seen(EventType.NodeChildrenChanged, "/p"));

        Watch(Ask.GetChildren2("/p", watch: true));
        _client.Do(Ask.Delete("/p/m"));
        AssertSeen(_watcher, new Seen(EventType.NodeChildrenChanged, "/p"));

        Watch(Ask.GetChildren("/p/n", watch: true));
        _client.Do(Ask.Delete("/p/n"));
        AssertSeen(_watcher, new Seen(EventType.NodeDeleted, "/p/n"));
    }

    [Fact]
    public void One_connection_gets_one_event_for_a_deletion_however_it_watches()
    {
        Watch(Ask.GetData("/p/n", watch: true));
        Watch(Ask.GetChildren("/p/n", watch: true));
        Watch(Ask.AddWatch("/p/n", Persistent));
        Watch(Ask.AddWatch("/p", Recursive));
        Watch(Ask.AddWatch("/", Recursive));

        _client.Do(Ask.Delete("/p/n"));

        AssertSeen(_watcher, new Seen(EventType.NodeDeleted, "/p/n"));
    }

    [Fact]
    public void Persistent_watches_stay_and_see_all_but_grandchildren()
    {
        Watch(Ask.AddWatch("/p/n", Persistent));

        _client.Do(Ask.SetData("/p/n", "y"));
        _client.Do(Ask.Create("/p/n/c"));
        _client.Do(Ask.Create("/p/n/c/d"));
        _client.Do(Ask.SetData("/p/n/c", "y"));
        _client.Do(Ask.Delete("/p/n/c/d"));
        _client.Do(Ask.Delete("/p/n/c"));
        _client.Do(Ask.Delete("/p/n"));
        _client.Do(Ask.Create("/p/n"));

        AssertSeen(
            _watcher, new Seen(EventType.NodeDataChanged, "/p/n"), new Seen(EventType.NodeChildrenChanged, "/p/n"),
            new Seen(EventType.NodeChildrenChanged, "/p/n"), new Seen(EventType.NodeDeleted, "/p/n"),
            new Seen(EventType.NodeCreated, "/p/n"));
    }

    [Fact]
    public void Recursive_watches_see_everything_below_and_no_lists_of_children()
    {
        Watch(Ask.AddWatch("/p", Recursive));

        _client.Do(Ask.Create("/p/n/c"));
        _client.Do(Ask.SetData("/p/n/c", "y"));
        _client.Do(Ask.SetData("/p", "y"));
        _client.Do(Ask.Create("/px"));
        _client.Do(Ask.Delete("/p/n/c"));

        AssertSeen(
            _watcher, new Seen(EventType.NodeCreated, "/p/n/c"), new Seen(EventType.NodeDataChanged, "/p/n/c"),
            new Seen(EventType.NodeDataChanged, "/p"), new Seen(EventType.NodeDeleted, "/p/n/c"));
    }

    [Fact]
    public void A_one_shot_watch_beside_a_persistent_one_is_used_up_alone()
    {
        Watch(Ask.AddWatch("/p/n", Persistent));
        Watch(Ask.GetData("/p/n", watch: true));
        _client.Do(Ask.SetData("/p/n", "y"));
        AssertSeen(_watcher, new Seen(EventType.NodeDataChanged, "/p/n"));

        Assert.Equal(ErrorCode.NoWatcher, _watcher.ErrorOf(Ask.CheckWatches("/p/n", WatcherType.Data)));
        _watcher.Do(Ask.CheckWatches("/p/n", WatcherType.Persistent));
        _watcher.Do(Ask.CheckWatches("/p/n", WatcherType.Any));
    }

    [Fact]
    public void An_event_comes_before_the_reply_of_the_change_that_caused_it()
    {
        _client.Do(Ask.Exists("/p/n", watch: true));
        _client.Do(Ask.GetChildren("/p", watch: true));
        _client.Heard.Clear();

        var xid = _client.Send(Ask.Delete("/p/n"));
        _driver.SyncAll();

        Assert.Equal(3, _client.Heard.Count);
        Assert.Equal(new Seen(EventType.NodeDeleted, "/p/n"), _client.Heard[0]);
        Assert.Equal(new Seen(EventType.NodeChildrenChanged, "/p"), _client.Heard[1]);
        var reply = Assert.IsType<Reply>(_client.Heard[2]);
        Assert.Equal(xid, reply.Xid);
        Assert.All(_client.Events, seen => Assert.Equal(reply.Zxid, seen.Zxid));
    }

    [Fact]
    public void A_read_set_up_after_a_change_sees_events_of_that_change_first()
    {
        Watch(Ask.GetData("/p/n", watch: true));
        _watcher.Send(Ask.Create("/other"));
        _client.Send(Ask.SetData("/p/n", "y"));
        _watcher.Send(Ask.Sync("/"));

        _driver.SyncAll();

        Assert.IsType<Reply>(_watcher.Heard[0]);
        Assert.Equal(3, _watcher.Heard.Count);
    }

    [Fact]
    public void Many_connections_get_the_same_event_each_once()
    {
        var watchers = Enumerable.Range(0, 50).Select(_ => _driver.Connect()).ToList();
        foreach (var watcher in watchers)
        {
            watcher.Do(Ask.GetData("/p/n", watch: true));
            watcher.Do(Ask.GetChildren("/p/n", watch: true));
        }

        _client.Do(Ask.Multi(Ask.SetData("/p/n", "y"), Ask.Create("/p/n/c"), Ask.Delete("/p/n/c")));

        foreach (var watcher in watchers)
            AssertSeen(watcher, new Seen(EventType.NodeDataChanged, "/p/n"), new Seen(EventType.NodeChildrenChanged, "/p/n"));
    }

    [Fact]
    public void Who_may_not_read_hears_nothing_and_the_watch_is_used_up()
    {
        Watch(Ask.GetData("/p/n", watch: true));
        Watch(Ask.GetChildren("/p", watch: true));
        _client.Do(Ask.SetAcl("/p/n", -1, new AclLine(30, "world", "anyone")));
        _client.Do(Ask.SetData("/p/n", "y"));
        AssertSeen(_watcher);
        Assert.Equal(ErrorCode.NoWatcher, _watcher.ErrorOf(Ask.CheckWatches("/p/n", WatcherType.Any)));

        _client.Do(Ask.Delete("/p/n"));
        AssertSeen(_watcher, new Seen(EventType.NodeChildrenChanged, "/p"));
    }

    [Fact]
    public void Watches_go_with_their_connection_and_its_number_begins_anew()
    {
        Watch(Ask.GetData("/p/n", watch: true));
        Watch(Ask.AddWatch("/", Recursive));
        Watch(Ask.GetChildren("/p", watch: true));
        _watcher.Drop();
        Assert.Equal(0, _driver.Peer.Introspection.WatchCount);
        var next = _driver.Connect();

        _client.Do(Ask.Delete("/p/n"));

        AssertSeen(next);
        AssertSeen(_watcher);
    }

    [Fact]
    public void A_connection_that_the_peer_closed_holds_its_number_until_the_host_has_let_it_go()
    {
        Watch(Ask.GetData("/p/n", watch: true));
        _watcher.Do(Ask.Close);
        var next = _driver.Connect();
        next.Do(Ask.GetData("/p", watch: true));
        _watcher.Drop();
        var third = _driver.Connect();

        _client.Do(Ask.SetData("/p", "y"));

        AssertSeen(next, new Seen(EventType.NodeDataChanged, "/p"));
        AssertSeen(third);
    }

    [Fact]
    public void Removing_watches_takes_the_kind_that_was_named()
    {
        Watch(Ask.GetData("/p", watch: true));
        Watch(Ask.GetChildren("/p", watch: true));
        Watch(Ask.AddWatch("/p", Persistent));
        Watch(Ask.AddWatch("/p", Recursive));

        _watcher.Do(Ask.RemoveWatches("/p", WatcherType.Data));
        Assert.Equal(ErrorCode.NoWatcher, _watcher.ErrorOf(Ask.RemoveWatches("/p", WatcherType.Data)));
        _watcher.Do(Ask.CheckWatches("/p", WatcherType.Children));
        _watcher.Do(Ask.RemoveWatches("/p", WatcherType.PersistentRecursive));
        _watcher.Do(Ask.RemoveWatches("/p", WatcherType.Persistent));
        _watcher.Do(Ask.CheckWatches("/p", WatcherType.Children));
        _watcher.Do(Ask.RemoveWatches("/p", WatcherType.Any));
        Assert.Equal(ErrorCode.NoWatcher, _watcher.ErrorOf(Ask.CheckWatches("/p", WatcherType.Any)));
        Assert.Equal(0, _driver.Peer.Introspection.WatchCount);

        Assert.Equal(ErrorCode.MarshallingError, _watcher.ErrorOf(Ask.RemoveWatches("/p", (WatcherType)0)));
        Assert.Equal(ErrorCode.MarshallingError, _watcher.ErrorOf(Ask.RemoveWatches("/p", (WatcherType)6)));
        Assert.Equal(ErrorCode.MarshallingError, _watcher.ErrorOf(Ask.AddWatch("/p", 2)));
    }

    [Fact]
    public void SetWatches_tells_what_was_missed_and_arms_the_rest()
    {
        var before = _driver.Peer.LastProcessed.Value;
        _client.Do(Ask.SetData("/p/n", "y"));
        _client.Do(Ask.Create("/made"));

        var xid = _watcher.Send(Ask.SetWatches(before, ["/p/n", "/p", "/gone"], ["/made", "/none"], ["/p", "/", "/gone"]));

        Assert.Equal(
            [
                new Seen(EventType.NodeDataChanged, "/p/n"), new Seen(EventType.NodeDeleted, "/gone"),
                new Seen(EventType.NodeCreated, "/made"),
                new Seen(EventType.NodeChildrenChanged, "/"), new Seen(EventType.NodeDeleted, "/gone"),
            ], _watcher.Events);
        Assert.All(_watcher.Events, seen => Assert.Equal(-1, seen.Zxid));
        Assert.Equal(xid, Assert.IsType<Reply>(_watcher.Heard[^1]).Xid);
        _watcher.Heard.Clear();

        _client.Do(Ask.SetData("/p", "y"));
        _client.Do(Ask.Create("/none"));
        _client.Do(Ask.Create("/p/m"));
        AssertSeen(
            _watcher, new Seen(EventType.NodeDataChanged, "/p"), new Seen(EventType.NodeCreated, "/none"),
            new Seen(EventType.NodeChildrenChanged, "/p"));
    }

    private void Watch(Ask ask) => _watcher.Do(ask);

    private static void AssertSeen(TestClient client, params Seen[] expected) => Assert.Equal(expected, client.TakeEvents());
}
