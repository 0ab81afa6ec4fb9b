using Quoll.Interop.Servers;

namespace Quoll.Interop.Clients;

/// <summary>Apache's own shell, on Java's client.</summary>
public sealed class ZkCliTests
{
    private static readonly string[] StatNames =
    [
        "cZxid", "ctime", "mZxid", "mtime", "pZxid", "cversion", "dataVersion", "aclVersion", "ephemeralOwner", "dataLength", "numChildren",
    ];

    [Theory, EachServer]
    public async Task The_shell_creates_every_kind_of_znode_and_lists_them(ServerKind kind)
    {
        await using var server = await ServerProcess.StartAsync(kind);
        using var shell = await ShellSession.OpenAsync(server.Address);

        await shell.ExpectAsync("create /a hello", "Created /a");
        await shell.ExpectAsync("create /a again", "Node already exists: /a");
        await shell.ExpectAsync("create -s /a/s- one", "Created /a/s-0000000000");
        await shell.ExpectAsync("create -e /a/e mine", "Created /a/e");
        await shell.ExpectAsync("create -s -e /a/s- both", "Created /a/s-0000000002");
        await shell.ExpectAsync("create -c /a/c box", "Created /a/c");
        await shell.ExpectAsync("create -t 3600000 /a/t short", "Created /a/t");
        await shell.ExpectAsync("create -s -t 3600000 /a/t- short", "Created /a/t-0000000005");
        await shell.ExpectAsync("create /a/null", "Created /a/null");
        await shell.ExpectAsync("create \"/a/two words\" \"with 'quotes'\"", "Created /a/two words");
        await shell.ExpectAsync("create /a/e/child x", "Ephemerals cannot have children: /a/e/child");
        await shell.ExpectAsync("create /absent/child x", "Node does not exist: /absent/child");

        await shell.ExpectAsync("ls /", "[a, zookeeper]");
        await shell.ExpectAsync(
            "ls /a", "[c, e, null, s-0000000000, s-0000000002, t, t-0000000005, two words]");
        await shell.ExpectAsync("get \"/a/two words\"", "with 'quotes'");
        await shell.ExpectAsync("get /a/null", "null");
        await shell.ExpectAsync("create /a/c/deep x", "Created /a/c/deep");
        await shell.ExpectAsync(
            "ls -R /", "/", "/a", "/zookeeper", "/a/c", "/a/e", "/a/null", "/a/s-0000000000", "/a/s-0000000002", "/a/t", "/a/t-0000000005",
            "/a/two words", "/a/c/deep", "/zookeeper/config", "/zookeeper/quota");
        await shell.ExpectAsync("getEphemerals /a/e", "[/a/e]");
        var ephemerals = (await shell.RunAsync("getEphemerals"))[0].Trim('[', ']').Split(", ");
        Assert.Equal(["/a/e", "/a/s-0000000002"], ephemerals.Order(StringComparer.Ordinal));
        await shell.ExpectAsync("getAllChildrenNumber /a", "9");
        await shell.QuitAsync();
    }

    [Theory, EachServer]
    public async Task The_shell_shows_stats_and_checks_versions(ServerKind kind)
    {
        await using var server = await ServerProcess.StartAsync(kind);
        using var shell = await ShellSession.OpenAsync(server.Address);
        await shell.RunAsync("create /a hello");
        await shell.RunAsync("create -e /a/e x");

        var got = await shell.RunAsync("get -s /a");
        Assert.Equal("hello", got[0]);
        Assert.Equal(StatNames, got[1..].Select(line => line.Split(" = ")[0]));
        var stat = ShellSession.Stat(await shell.RunAsync("stat /a"));
        Assert.Equal(ShellSession.Stat(got), stat);
        Assert.Equal(
            ("1", "0", "0", "0x0", "5", "1"),
            (stat["cversion"], stat["dataVersion"], stat["aclVersion"], stat["ephemeralOwner"], stat["dataLength"], stat["numChildren"]));
        Assert.Equal(stat["cZxid"], stat["mZxid"]);
        var child = ShellSession.Stat(await shell.RunAsync("stat /a/e"));
        Assert.Equal(stat["pZxid"], child["cZxid"]);
        Assert.NotEqual("0x0", child["ephemeralOwner"]);

        await shell.ExpectAsync("set -v 1 /a no", "version No is not valid : /a");
        await shell.ExpectAsync("set -v 0 /a bye");
        Assert.Equal("2", ShellSession.Stat(await shell.RunAsync("set -s /a twice"))["dataVersion"]);
        Assert.Equal("[e]", (await shell.RunAsync("ls -s /a"))[0]);
        await shell.ExpectAsync("delete /a", "Node not empty: /a");
        await shell.ExpectAsync("delete -v 9 /a/e", "version No is not valid : /a/e");
        await shell.ExpectAsync("delete -v 0 /a/e");
        await shell.RunAsync("create /a/b");
        await shell.RunAsync("create /a/b/c");
        await shell.ExpectAsync("deleteall /a");
        await shell.ExpectAsync("ls /a", "Node does not exist: /a");
        await shell.ExpectAsync("sync /", "Sync is OK");
        await shell.QuitAsync();
    }

    [Theory, EachServer]
    public async Task The_shell_guards_znodes_with_ACLs(ServerKind kind)
    {
        await using var server = await ServerProcess.StartAsync(kind);
        using var shell = await ShellSession.OpenAsync(server.Address);
        using var stranger = await ShellSession.OpenAsync(server.Address);

        await shell.RunAsync("create /a x");
        await shell.ExpectAsync("getAcl /a", "'world,'anyone", ": cdrwa");
        await shell.ExpectAsync("create /auth x auth::cdrwa", "KeeperErrorCode = InvalidACL for /auth", "Acl is not valid : /auth");
        await shell.ExpectAsync("addauth digest bob:secret");
        var whoami = await shell.RunAsync("whoami");
        Assert.Equal(["Auth scheme: User", "digest: bob", "ip: 127.0.0.1"], [whoami[0], .. whoami[1..].Order(StringComparer.Ordinal)]);

        await shell.ExpectAsync("create /mine x auth::cdrwa", "Created /mine");
        Assert.Equal(["'digest,'bob:fyVmFCwVbTJYrznoSu1koqYEYF0=", ": cdrwa"], (await shell.RunAsync("getAcl -s /mine"))[..2]);
        await stranger.ExpectAsync("get /mine", "Insufficient permission : /mine");
        await stranger.ExpectAsync("getAcl /mine", "Insufficient permission : /mine");
        await stranger.ExpectAsync("create /mine/child x", "Insufficient permission : /mine/child");

        await shell.ExpectAsync("setAcl -v 0 /mine auth::cdrwa,world:anyone:r");
        await shell.ExpectAsync("setAcl -v 0 /mine world:anyone:r", "version No is not valid : /mine");
        await stranger.ExpectAsync("get /mine", "x");
        await stranger.ExpectAsync("set /mine y", "Insufficient permission : /mine");
        await stranger.ExpectAsync("getAcl /mine", "'digest,'bob:x", ": cdrwa", "'world,'anyone", ": r");

        await shell.RunAsync("create /a/deep x");
        await shell.ExpectAsync("setAcl -R /a world:anyone:r");
        await shell.ExpectAsync("getAcl /a/deep", "'world,'anyone", ": r");
        await shell.ExpectAsync("delete /a/deep", "Insufficient permission : /a/deep");
        await stranger.QuitAsync();
        await shell.QuitAsync();
    }

    [Theory, EachServer]
    public async Task The_shell_sets_lists_and_deletes_quotas(ServerKind kind)
    {
        await using var server = await ServerProcess.StartAsync(kind, "enforceQuota=true");
        using var shell = await ShellSession.OpenAsync(server.Address);
        await shell.RunAsync("create /q 12345");
        await shell.RunAsync("create /q/a 678");

        await shell.ExpectAsync("listquota /q", "absolute path is /zookeeper/quota/q/zookeeper_limits", "quota for /q does not exist.");
        await shell.ExpectAsync("setquota -N 3 /q");
        await shell.ExpectAsync("setquota -b 100 /q");
        await shell.ExpectAsync(
            "listquota /q",
            "absolute path is /zookeeper/quota/q/zookeeper_limits",
            "Output quota for /q count=-1,bytes=100=;byteHardLimit=-1;countHardLimit=3",
            "Output stat for /q count=2,bytes=8");
        await shell.ExpectAsync("create /q/b 90", "Created /q/b");
        await shell.ExpectAsync("create /q/c x", "Quota has exceeded : /q/c");
        Assert.Equal("Output stat for /q count=3,bytes=10", (await shell.RunAsync("listquota /q"))[^1]);
        await shell.ExpectAsync("delete /q/b");
        Assert.Equal("Output stat for /q count=2,bytes=8", (await shell.RunAsync("listquota /q"))[^1]);

        await shell.ExpectAsync("delquota -N /q");
        await shell.ExpectAsync("create /q/b", "Created /q/b");
        await shell.ExpectAsync("create /q/c x", "Created /q/c");
        await shell.ExpectAsync("delquota /q");
        await shell.ExpectAsync("listquota /q", "absolute path is /zookeeper/quota/q/zookeeper_limits", "quota for /q does not exist.");
        await shell.QuitAsync();
    }

    [Theory, EachServer]
    public async Task The_shell_sees_what_it_watches(ServerKind kind)
    {
        await using var server = await ServerProcess.StartAsync(kind);
        using var shell = await ShellSession.OpenAsync(server.Address);
        await shell.RunAsync("create /w x");

        await shell.ExpectAsync("get -w /w", "x");
        await shell.ExpectEventAsync("set /w y", "NodeDataChanged", "/w");
        await shell.ExpectAsync("set /w z");
        await shell.ExpectAsync("ls -w /w", "[]");
        await shell.ExpectEventAsync("create /w/a", "NodeChildrenChanged", "/w");
        await shell.ExpectAsync("get -w /w", "z");
        await shell.ExpectEventAsync("removewatches /w -d", "DataWatchRemoved", "/w");
        await shell.ExpectAsync("set /w x");

        await shell.ExpectAsync("addWatch -m PERSISTENT /w");
        await shell.ExpectEventAsync("set /w 1", "NodeDataChanged", "/w");
        await shell.ExpectEventAsync("set /w 2", "NodeDataChanged", "/w");
        await shell.ExpectEventAsync("create /w/b", "NodeChildrenChanged", "/w");
        await shell.ExpectEventAsync("removewatches /w -a", "PersistentWatchRemoved", "/w");
        await shell.ExpectAsync("set /w 3");

        // Recursive is the default, but Apache 3.8's shell keeps the mode that it was told last.
        await shell.RunAsync("create /r x");
        await shell.ExpectAsync("addWatch -m PERSISTENT_RECURSIVE /r");
        await shell.ExpectEventAsync("create /r/a", "NodeCreated", "/r/a");
        await shell.ExpectEventAsync("create /r/a/deep", "NodeCreated", "/r/a/deep");
        await shell.ExpectEventAsync("set /r/a/deep x", "NodeDataChanged", "/r/a/deep");
        await shell.ExpectEventAsync("delete /r/a/deep", "NodeDeleted", "/r/a/deep");
        await shell.QuitAsync();
    }

    [Theory, EachServer]
    public async Task The_shell_knows_itself_and_reconnects(ServerKind kind)
    {
        await using var server = await ServerProcess.StartAsync(kind);
        using var shell = await ShellSession.OpenAsync(server.Address);

        Assert.StartsWith("ZooKeeper CLI version: 3.8", (await shell.RunAsync("version"))[0], StringComparison.Ordinal);
        await shell.ExpectAsync("create -s /n- x", "Created /n-0000000000");
        Assert.Contains((await shell.RunAsync("history")), line => line.EndsWith(" - create -s /n- x", StringComparison.Ordinal));
        Assert.Equal("Command not found: Command not found nonsense", (await shell.RunAsync("nonsense"))[^1]);
        await shell.ExpectAsync("reconfig -remove 2", "KeeperErrorCode = Reconfig is disabled");
        await shell.ExpectAsync("create -e /gone x", "Created /gone");
        await shell.RunAsync("close");
        Assert.Contains("Not connected", await shell.RunAsync("ls /"));
        await shell.ExpectEventAsync($"connect {server.Address}", "None", "null");
        await shell.ExpectAsync("ls /", "[n-0000000000, zookeeper]");
        await shell.QuitAsync();
    }

    [Theory, EachServer]
    public async Task A_single_command_has_an_exit_code(ServerKind kind)
    {
        await using var server = await ServerProcess.StartAsync(kind);

        var (code, output) = await ShellSession.OnceAsync(server.Address, "create", "/a", "hello");
        Assert.Equal(0, code);
        Assert.Contains("Created /a", output);

        (code, output) = await ShellSession.OnceAsync(server.Address, "get", "/a");
        Assert.Equal(0, code);
        Assert.Contains("hello", output);

        (code, output) = await ShellSession.OnceAsync(server.Address, "get", "/absent");
        Assert.Equal(1, code);
        Assert.Contains("Node does not exist: /absent", output);
    }

    [Theory, EachServer]
    public async Task A_chroot_in_the_address_is_the_shells_root(ServerKind kind)
    {
        await using var server = await ServerProcess.StartAsync(kind);
        Assert.Equal(0, (await ShellSession.OnceAsync(server.Address, "create", "/app", "x")).Code);
        using var shell = await ShellSession.OpenAsync($"{server.Address}/app");

        await shell.ExpectAsync("create /inside x", "Created /inside");
        await shell.ExpectAsync("ls /", "[inside]");
        await shell.ExpectAsync("get -w /inside", "x");
        await shell.ExpectEventAsync("delete /inside", "NodeDeleted", "/inside");
        await shell.QuitAsync();
    }
}
