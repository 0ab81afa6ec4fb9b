using Quoll.Interop.Recipes;
using Quoll.Interop.Servers;

namespace Quoll.Interop.Shell;

/// <summary>What the shell has beyond zkCli's commands.</summary>
public sealed class ShellCommandTests(RecipeServers servers)
{
    [Theory]
    [EachServer]
    public async Task Subtrees_are_drawn_found_measured_copied_and_moved(ServerKind kind)
    {
        var shell = await OpenAsync(kind);
        await shell.DoAsync("create", "-p", "/app/eu/one", "12345");
        await shell.DoAsync("create", "/app/eu/two", "1234567890");
        await shell.DoAsync("create", "/app/us");

        Assert.Equal(["/app", "├── eu", "│   ├── one", "│   └── two", "└── us"], await shell.DoAsync("tree", "/app"));
        Assert.Equal(["/app", "├── eu", "└── us"], await shell.DoAsync("tree", "/app", "--depth", "1"));
        Assert.Equal(["/app/eu/two"], await shell.DoAsync("find", "/app", "--larger", "5"));
        Assert.Equal(["/app/eu/one", "/app/eu/two"], await shell.DoAsync("find", "/app", "--newer", "1:00:00", "--larger", "0"));
        Assert.Equal(["/app/eu/two"], await shell.DoAsync("find", "--name", "t?o"));
        Assert.Empty(await shell.DoAsync("find", "/app", "--older", "1:00:00"));
        Assert.Equal("          15 bytes         5 znodes  /app", (await shell.DoAsync("du", "/app"))[0]);

        await shell.DoAsync("cp", "-r", "/app", "/copy");
        Assert.Empty(await shell.DoAsync("diff", "/app", "/copy"));
        await shell.DoAsync("set", "/copy/eu/one", "other");
        await shell.DoAsync("create", "/copy/more");
        var (code, differences) = await shell.RunAsync("diff", "/app", "/copy");
        Assert.Equal(1, code);
        Assert.Equal(["~ /app/eu/one: data (5 and 5 bytes)", "+ /copy/more"], differences);
        Assert.Equal(["5 znodes were moved"], await shell.DoAsync("mv", "/app", "/moved"));
        Assert.Equal(1, (await shell.RunAsync("get", "/app")).Code);
        Assert.Equal(["12345"], await shell.DoAsync("get", "/moved/eu/one"));

        // Somebody has to say yes, and nobody is there.
        Assert.Equal(2, (await shell.RunAsync("deleteall", "/moved")).Code);
        await shell.DoAsync("deleteall", "--yes", "/moved");
        Assert.Equal(1, (await shell.RunAsync("ls", "/moved")).Code);
    }

    [Theory]
    [EachServer]
    public async Task What_is_exported_is_the_same_when_it_is_imported(ServerKind kind)
    {
        var shell = await OpenAsync(kind);
        using var directory = new TempDirectory();
        var file = Path.Combine(directory.Path, "app.jsonl");
        await shell.DoAsync("create", "-p", "/app/text", "grüße \"and\" lines");
        await shell.DoAsync("create", "--bytes", "hex", "/app/bytes", "00ff80");
        await shell.DoAsync("create", "/app/shut", "x", "world:anyone:r");
        await shell.DoAsync("create", "/app/empty");

        Assert.Equal([$"5 znodes were written to {file}"], await shell.DoAsync("export", "/app", "-f", file));
        Assert.Equal(["5 znodes were read"], await shell.DoAsync("import", "/other/place", "-f", file));
        Assert.Empty(await shell.DoAsync("diff", "/app", "/other/place"));
        Assert.Equal(["00ff80"], await shell.DoAsync("get", "--bytes", "hex", "/other/place/bytes"));

        // A second time only if it is said what is to become of what is there.
        Assert.Equal(1, (await shell.RunAsync("import", "/other/place", "-f", file)).Code);
        await shell.DoAsync("import", "/other/place", "--skip", "-f", file);
        await File.WriteAllTextAsync(file, "{\"path\":\"/x\"}\n", TestContext.Current.CancellationToken);
        var (code, printed) = await shell.RunAsync("import", "/third", "-f", file);
        Assert.Equal(1, code);
        Assert.StartsWith("Line 1 is not one that export writes", printed[0]);

        // An export that fails leaves the last one as it was, and nothing else.
        Assert.Equal(1, (await shell.RunAsync("export", "/nope", "-f", file)).Code);
        Assert.Equal(["{\"path\":\"/x\"}"], await File.ReadAllLinesAsync(file, TestContext.Current.CancellationToken));
        Assert.Equal([file], Directory.GetFiles(directory.Path));
        Assert.Equal(1, (await shell.RunAsync("export", "/app", "-f", Path.Combine(directory.Path, "nowhere", "file"))).Code);
    }

    [Theory]
    [EachServer]
    public async Task A_program_runs_under_a_lock_and_is_ended_when_that_is_lost(ServerKind kind)
    {
        var shell = await OpenAsync(kind);
        var (code, printed) = await shell.RunAsync("lock", "/locks/a", "--", "sh", "-c", "echo token $QUOLL_FENCING_TOKEN; exit 7");
        Assert.Equal(7, code);
        Assert.Matches("^token [0-9]+$", printed[0]);

        using var holder = shell.Start("lock", "/locks/b", "--", "sh", "-c", "echo held; exec sleep 1000");
        await holder.ExpectAsync("held");
        (code, printed) = await shell.RunAsync("lock", "/locks/b", "--wait", "0", "--", "true");
        Assert.Equal(1, code);
        Assert.Equal(["The lock /locks/b was not free in time."], printed);
        var place = (await shell.DoAsync("ls", "/locks/b"))[0].Trim('[', ']');
        await shell.DoAsync("delete", $"/locks/b/{place}");
        await holder.ExpectAsync(line => line.EndsWith("is lost: sh was ended.", StringComparison.Ordinal));
        Assert.Equal(1, await holder.EndAsync());
        Assert.Equal(["leads"], await shell.DoAsync("elect", "/leaders/a", "--", "echo", "leads"));
    }

    [Theory]
    [EachServer]
    public async Task Who_loses_an_office_stands_for_it_again(ServerKind kind)
    {
        var shell = await OpenAsync(kind);
        using var candidate = shell.Start("elect", "/leaders/b", "--", "sh", "-c", "echo leads; exec sleep 1000");
        await candidate.ExpectAsync("leads");
        var place = (await shell.DoAsync("ls", "/leaders/b"))[0].Trim('[', ']');
        await shell.DoAsync("delete", $"/leaders/b/{place}");
        await candidate.ExpectAsync(line => line.EndsWith("is lost: sh was ended.", StringComparison.Ordinal));
        await candidate.ExpectAsync("leads");
        candidate.Interrupt();
        Assert.Equal(143, await candidate.EndAsync());
        Assert.Equal(["[]"], await shell.DoAsync("ls", "/leaders/b"));
    }

    [Theory]
    [EachServer]
    public async Task Two_clusters_are_compared(ServerKind kind)
    {
        var (shell, other) = (await OpenAsync(kind), await OpenAsync(kind == ServerKind.Quoll ? ServerKind.Apache : ServerKind.Quoll));
        foreach (var each in (QuollShell[])[shell, other])
            await each.DoAsync("create", "-p", "/app/config", "on");
        Assert.Empty(await shell.DoAsync("diff", "/app", "/app", "--other", other.Address));
        await other.DoAsync("create", "/app/more");
        await other.DoAsync("setAcl", "/app/config", "world:anyone:r");
        var (code, differences) = await shell.RunAsync("diff", "/", "/", "--other", other.Address);
        Assert.Equal(1, code);
        Assert.Equal(["~ /app/config: ACL", "+ /app/more"], differences);
        await shell.DoAsync("deleteall", "--yes", "/");
        Assert.Equal(["[]"], await shell.DoAsync("ls", "/"));
    }

    [Theory]
    [EachServer]
    public async Task Watches_tell_beside_what_is_asked_and_alone_until_they_are_ended(ServerKind kind)
    {
        var shell = await OpenAsync(kind);
        await shell.DoAsync("create", "/w", "1");
        using var stream = shell.Start("addWatch", "/w");
        using var once = shell.Start("get", "-w", "/w");
        await stream.ExpectAsync("Watching /w; Ctrl+C ends it.");
        await once.ExpectAsync("1");
        await shell.DoAsync("set", "/w", "2");
        await once.ExpectAsync(line => line.StartsWith(
            "WATCHER:: WatchedEvent state:SyncConnected type:NodeDataChanged path:/w", StringComparison.Ordinal));
        Assert.Equal(0, await once.EndAsync());
        await shell.DoAsync("create", "/w/child");
        await stream.ExpectAsync(line => line.Contains("type:NodeCreated path:/w/child", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Errors_say_what_was_tried_and_where_and_have_codes_of_their_own()
    {
        var nowhere = new QuollShell("127.0.0.1:1");
        var (code, printed) = await nowhere.RunAsync("get", "/x", "--timeout", "1");
        Assert.Equal(6, code);
        Assert.Contains("127.0.0.1:1", printed[0], StringComparison.Ordinal);
        Assert.Contains("status", printed[^1], StringComparison.Ordinal);
        Assert.Equal(1, (await nowhere.RunAsync("status")).Code);
        Assert.Equal(2, (await nowhere.RunAsync("get")).Code);
        Assert.Equal(2, (await nowhere.RunAsync("get", "/x", "--auth", "nobody")).Code);
        Assert.Equal(2, (await nowhere.RunAsync("get", "/x", "--server", "a:b:c")).Code);

        var shell = await OpenAsync(ServerKind.Quoll);
        await shell.DoAsync("create", "/h", "no call for help");
        Assert.Equal(["no call for help"], await shell.DoAsync("get", "/h"));
        (code, printed) = await shell.RunAsync("get", "/missing");
        Assert.Equal(1, code);
        Assert.Matches(@"^Node does not exist: /missing \(asked 127\.0\.0\.1:\d+, below /.+\)$", printed[0]);
        var table = await shell.DoAsync("status");
        Assert.Single(table, line => line.Contains(" leader ", StringComparison.Ordinal));
        Assert.Equal(2, table.Count(line => line.Contains(" follower ", StringComparison.Ordinal)));
    }

    [Theory]
    [EachServer]
    public async Task An_editor_changes_data_unless_somebody_else_has_meanwhile(ServerKind kind)
    {
        var shell = await OpenAsync(kind);
        await shell.DoAsync("create", "/edited", "on");
        Assert.Equal(["/edited was set."], await shell.EditAsync("/edited", "sed -i s/on/off/"));
        Assert.Equal(["Nothing was changed."], await shell.EditAsync("/edited", "true"));
        Assert.Equal(["off"], await shell.DoAsync("get", "/edited"));
        var answer = await shell.EditAsync("/edited", "false");
        Assert.Equal(["false ended with 1: nothing was changed."], answer);

        Assert.Matches("^[$]EDITOR is not-there: ", (await shell.EditAsync("/edited", "not-there"))[0]);
    }

    [Theory]
    [EachServer]
    public async Task What_was_written_in_an_editor_is_kept_where_it_cannot_be_set(ServerKind kind)
    {
        var shell = await OpenAsync(kind);
        await shell.DoAsync("create", "/edited", "on");

        // The editor is somebody else at the same time.
        var answer = await shell.EditAsync("/edited", $"sh -c '{ServerCommand.QuollProgram} set /edited theirs; echo ours > $0'");
        Assert.Equal("Somebody else has changed /edited meanwhile.", answer[1]);
        Assert.Equal(["ours"], TakeKept(answer[0]));
        Assert.Equal(["theirs"], await shell.DoAsync("get", "/edited"));

        answer = await shell.EditAsync("/edited", $"sh -c '{ServerCommand.QuollProgram} delete /edited; echo ours > $0'");
        Assert.StartsWith("Node does not exist: /edited ", answer[1]);
        Assert.Equal(["ours"], TakeKept(answer[0]));

        static string[] TakeKept(string line)
        {
            Assert.Matches("^What you wrote is in /.+[.]$", line);
            var file = line.Split(' ')[^1].TrimEnd('.');
            var kept = File.ReadAllLines(file);
            Directory.Delete(Path.GetDirectoryName(file)!, recursive: true);
            return kept;
        }
    }

    [Theory]
    [EachServer]
    public async Task An_editor_adds_no_end_of_line_and_does_not_get_what_is_no_text(ServerKind kind)
    {
        var shell = await OpenAsync(kind);
        await shell.DoAsync("create", "/edited", "on");
        await shell.EditAsync("/edited", "sh -c 'echo off > $0'");
        Assert.Equal(["b2Zm"], await shell.DoAsync("get", "-b", "/edited"));

        await shell.DoAsync("create", "--bytes", "hex", "/binary", "fe00ff");
        Assert.Equal(["/binary is no text: edit it with --bytes hex or base64."], await shell.EditAsync("/binary", "true"));
        Assert.Equal(["/binary was set."], await shell.EditAsync("/binary", "sh -c 'echo fe01 > $0'", "--bytes", "hex"));
        Assert.Equal(["fe01"], await shell.DoAsync("get", "--bytes", "hex", "/binary"));
    }

    [Theory]
    [EachServer]
    public async Task Several_things_are_done_or_none_and_who_may_is_told(ServerKind kind)
    {
        var shell = await OpenAsync(kind);
        Assert.Equal(["2 operations were carried out"], await shell.DoAsync("multi", "create /m one", "set /m 'two words'"));
        Assert.Equal(["two words"], await shell.DoAsync("get", "/m"));
        var (code, printed) = await shell.RunAsync("multi", "create /n", "check /nope");
        Assert.Equal(1, code);
        Assert.StartsWith("Nothing was done: operation 2 was refused (NoNode)", printed[0]);
        Assert.Equal(1, (await shell.RunAsync("get", "/n")).Code);

        await shell.DoAsync("create", "--auth", "digest:user:password", "/mine", "x", "auth::cdrwa");
        Assert.StartsWith("Insufficient permission : /mine", (await shell.RunAsync("get", "/mine")).Printed[0]);
        Assert.Equal(["x"], await shell.DoAsync("get", "--auth", "digest:user:password", "/mine"));
        await shell.DoAsync("setAcl", "-R", "/mine", "world:anyone:r", "--auth", "digest:user:password");
        Assert.Equal(["x"], await shell.DoAsync("get", "/mine"));
    }

    private async Task<QuollShell> OpenAsync(ServerKind kind) =>
        new(await servers.AddressesAsync(kind) + await servers.CreateRootAsync(kind, "shell"));
}
