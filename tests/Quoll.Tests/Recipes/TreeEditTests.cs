using Quoll.Client;
using Quoll.Protocol.Records;
using Quoll.Recipes;
using Quoll.Recipes.Caches;

namespace Quoll.Tests.Recipes;

/// <summary>How one tree becomes another, and what a reader is told of it.</summary>
public class TreeEditTests
{
    [Fact]
    public void What_comes_is_told_after_its_parent_and_what_goes_before_it()
    {
        var edit = new TreeEdit("/a", null);
        edit.Put("/a", Node("/a", 1, Node("/a/b", 2, Node("/a/b/c", 3))));
        Assert.Equal(["Added /a", "Added /a/b", "Added /a/b/c"], edit.Changes.Select(Words));
        Assert.Equal(3, edit.Growth);

        var next = new TreeEdit("/a", edit.Root);
        next.Put("/a/b", null);
        Assert.Equal(["Removed /a/b/c", "Removed /a/b"], next.Changes.Select(Words));
        Assert.Equal(-2, next.Growth);
        Assert.Empty(next.Root!.Children);
        Assert.Single(edit.Root!.Children);
    }

    [Fact]
    public void What_is_without_a_parent_is_not_taken_and_what_is_the_same_is_not_told()
    {
        var edit = new TreeEdit("/", Node("/", 1, Node("/a", 2)));
        edit.Put("/b/c", Node("/b/c", 3));
        edit.Put("/a", Node("/a", 2));
        edit.Put("/c", null);
        Assert.Empty(edit.Changes);

        edit.Put("/a", Node("/a", 4));
        Assert.Equal("Updated /a", Words(Assert.Single(edit.Changes)));
        Assert.Equal(4, edit.Find("/a")!.Stat.Mzxid);
    }

    [Fact]
    public void A_tree_that_is_read_anew_is_told_by_its_difference()
    {
        var random = new Random(5);
        var known = new SortedDictionary<string, long>(StringComparer.Ordinal);
        CachedZnode? before = null;
        for (var step = 0; step < 300; step++)
        {
            var next = random.Next(20) == 0 ? null : Node("/r", random.Next(1, 3), [.. RandomChildren(random, "/r", 3)]);
            var edit = new TreeEdit("/r", before);
            edit.Put("/r", next);
            foreach (var change in edit.Changes)
            {
                Assert.Equal(change.Old is not null, known.TryGetValue(change.Path, out var mzxid));
                Assert.Equal(change.Old?.Stat.Mzxid ?? 0, mzxid);
                if (change.New is null)
                    known.Remove(change.Path);
                else
                    known[change.Path] = change.New.Stat.Mzxid;
            }

            Assert.Equal(Flat(next).OrderBy(node => node.Key, StringComparer.Ordinal), known);
            before = next;
        }
    }

    [Fact]
    public async Task A_slow_reader_is_told_the_net_of_what_was()
    {
        var feed = new TreeFeed("/a");
        var (one, two) = (Node("/a/b", 1), Node("/a/b", 2));
        feed.Offer([new(TreeChangeKind.Added, "/a/b", null, one)], isFresh: true);
        feed.Offer([new(TreeChangeKind.Updated, "/a/b", one, two)], isFresh: false);
        feed.Offer([new(TreeChangeKind.Added, "/a/brief", null, Node("/a/brief", 3))], isFresh: false);
        feed.Offer([new(TreeChangeKind.Removed, "/a/brief", Node("/a/brief", 3), null)], isFresh: true);
        var told = await feed.TakeAsync(TestContext.Current.CancellationToken);
        Assert.Equal(["Added /a/b", "Fresh /a"], told!.Select(Words));
        Assert.Same(two, told![0].New);

        feed.Offer([new(TreeChangeKind.Removed, "/a/b", two, null)], isFresh: false);
        feed.Offer([new(TreeChangeKind.Added, "/a/b", null, two)], isFresh: false);
        Assert.Equal(["Stale /a"], (await feed.TakeAsync(TestContext.Current.CancellationToken))!.Select(Words));
        feed.End();
        Assert.Null(await feed.TakeAsync(TestContext.Current.CancellationToken));
    }

    [Fact]
    public void A_snapshot_finds_what_is_below_its_path_and_nothing_else()
    {
        var snapshot = new TreeSnapshot("/a", Node("/a", 1, Node("/a/b", 2, Node("/a/b/c", 3))), 3);

        Assert.Equal("/a/b/c", snapshot.Find("/a/b/c")!.Path);
        Assert.Equal("c", snapshot.Find("/a/b/c")!.Name);
        Assert.Same(snapshot.Root, snapshot.Find("/a"));
        Assert.All(["/", "/ab", "/a/c", "/a/b/c/d", "/a/b/", ""], path => Assert.Null(snapshot.Find(path)));
        Assert.NotNull(new TreeSnapshot("/", Node("/", 1, Node("/a", 2)), 2).Find("/a"));
    }

    [Fact]
    public async Task More_paths_than_may_wait_become_everything()
    {
        var inbox = new TreeInbox(3);
        foreach (var path in new[] { "/b", "/a/c", "/a", "/b" })
            inbox.Add(path);
        Assert.Equal(["/a", "/a/c", "/b"], await inbox.TakeAsync(TestContext.Current.CancellationToken));

        foreach (var path in new[] { "/1", "/2", "/3", "/4", "/5" })
            inbox.Add(path);
        Assert.True(inbox.IsAll);
        Assert.Null(await inbox.TakeAsync(TestContext.Current.CancellationToken));
        Assert.False(inbox.IsAll);
    }

    private static IEnumerable<CachedZnode> RandomChildren(Random random, string parent, int depth)
    {
        for (var i = 0; depth > 0 && i < 3; i++)
        {
            var path = $"{parent}/{i}";
            if (random.Next(3) > 0)
                yield return Node(path, random.Next(1, 3), [.. RandomChildren(random, path, depth - 1)]);
        }
    }

    private static IEnumerable<KeyValuePair<string, long>> Flat(CachedZnode? node) =>
        node is null ? [] : node.Children.Values.SelectMany(Flat).Prepend(new(node.Path, node.Stat.Mzxid));

    private static CachedZnode Node(string path, long mzxid, params CachedZnode[] children) => new(
        path,
        new Znode([], new Stat(1, mzxid, 0, 0, 0, 0, 0, 0, 0, children.Length, 0)),
        CachedZnode.NoChildren.AddRange(children.Select(child => KeyValuePair.Create(child.Name, child))));

    private static string Words(TreeChange change) => $"{change.Kind} {change.Path}";
}
