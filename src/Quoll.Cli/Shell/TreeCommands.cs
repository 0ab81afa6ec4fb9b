using System.CommandLine;
using System.Globalization;
using System.Text.RegularExpressions;

namespace Quoll.Cli.Shell;

/// <summary>Commands that look at whole subtrees.</summary>
internal static class TreeCommands
{
    public static IEnumerable<Command> All(ShellContext shell) => [Tree(shell), Find(shell), Usage(shell)];

    private static Argument<string> Root(ShellContext shell)
    {
        var path = ShellCommands.Path(shell);
        path.Arity = ArgumentArity.ZeroOrOne;
        path.DefaultValueFactory = _ => "/";
        return path;
    }

    private static Command Tree(ShellContext shell)
    {
        var path = Root(shell);
        var depth = new Option<int>("--depth") { Description = "Only so many levels.", DefaultValueFactory = _ => int.MaxValue };
        var command = new Command("tree", "Draw a znode and all that is below it.\nquoll tree --depth 2 /") { path, depth };
        shell.SetAction(command, async invocation =>
        {
            var client = await invocation.ConnectAsync();
            var (drawing, most) = (new TreeDrawing(), invocation.Get(depth));
            await foreach (var visited in Subtree.WalkAsync(client, invocation.Get(path), SubtreeParts.None, invocation.Stop))
            {
                var line = drawing.Add(visited);
                if (visited.Depth <= most)
                    invocation.Show(() => line, json => WriteZnode(json, visited));
            }
        });
        return command;
    }

    private static Command Find(ShellContext shell)
    {
        var path = Root(shell);
        var name = new Option<string?>("--name") { Description = "Whose name is like this: * is anything, ? one letter." };
        var larger = new Option<long>("--larger") { Description = "With more bytes of data.", HelpName = "bytes" };
        var older = new Option<TimeSpan?>("--older")
        {
            Description = "Not set for so long, as [days.]hours:minutes:seconds.",
            HelpName = "time",
        };
        var newer = new Option<TimeSpan?>("--newer") { Description = "Set within this time.", HelpName = "time" };
        var owner = new Option<string?>("--owner")
        {
            Description = "Ephemerals of this session, 0x…; 'any' for all ephemerals.",
            HelpName = "session",
        };
        var command = new Command(
            "find",
            "List the znodes of a subtree that are like this.\nquoll find /app --name '*lock*' --older 1.00:00:00")
        {
            path, name, larger, older, newer, owner,
        };
        shell.SetAction(command, async invocation =>
        {
            var pattern = invocation.Get(name) is { } glob ? ToPattern(glob) : null;
            var session = invocation.Get(owner) is { } text ? ToSession(text) : null;
            long? bytes = invocation.Parsed.GetResult(larger) is null ? null : invocation.Get(larger);
            var (most, least) = (MillisecondsBefore(invocation.Get(older)), MillisecondsBefore(invocation.Get(newer)));
            var client = await invocation.ConnectAsync();
            await foreach (var visited in Subtree.WalkAsync(client, invocation.Get(path), SubtreeParts.None, invocation.Stop))
            {
                var (stat, last) = (visited.Stat, visited.Path[(visited.Path.LastIndexOf('/') + 1)..]);
                if ((pattern?.IsMatch(last) ?? true)
                    && (bytes is null || stat.DataLength > bytes)
                    && (most is null || stat.Mtime < most) && (least is null || stat.Mtime >= least)
                    && (session is null || (session == 0 ? visited.IsEphemeral : stat.EphemeralOwner == session)))
                {
                    invocation.Show(() => visited.Path, json => WriteZnode(json, visited));
                }
            }
        });
        return command;
    }

    private static Command Usage(ShellContext shell)
    {
        var path = Root(shell);
        var depth = new Option<int>("--depth") { Description = "How many levels to tell apart.", DefaultValueFactory = _ => 1 };
        var command = new Command("du", "Show how many znodes and bytes of data are where.\nquoll du --depth 2 /") { path, depth };
        shell.SetAction(command, async invocation =>
        {
            var client = await invocation.ConnectAsync();
            var (order, sums) = (new List<string>(), new Dictionary<string, (long Bytes, long Znodes)>());
            var (above, most, count) = (new List<string>(), invocation.Get(depth), 0);
            await foreach (var visited in Subtree.WalkAsync(client, invocation.Get(path), SubtreeParts.None, invocation.Stop))
            {
                invocation.Console.Progress(++count, "znodes read");
                above.RemoveRange(Math.Min(visited.Depth, above.Count), Math.Max(0, above.Count - visited.Depth));
                if (visited.Depth <= most)
                {
                    above.Add(visited.Path);
                    order.Add(visited.Path);
                }

                foreach (var each in above)
                {
                    var sum = sums.GetValueOrDefault(each);
                    sums[each] = (sum.Bytes + visited.Stat.DataLength, sum.Znodes + 1);
                }
            }

            foreach (var each in order.OrderByDescending(each => sums[each].Bytes))
            {
                var (bytes, znodes) = sums[each];
                invocation.Show(
                    () => string.Create(CultureInfo.InvariantCulture, $"{bytes,12} bytes {znodes,9} znodes  {each}"),
                    json => json.Object(() =>
                    {
                        json.Writer.WriteString("path", each);
                        json.Writer.WriteNumber("bytes", bytes);
                        json.Writer.WriteNumber("znodes", znodes);
                    }));
            }
        });
        return command;
    }

    private static void WriteZnode(JsonAnswer json, Visited visited) => json.Object(() =>
    {
        json.Writer.WriteString("path", visited.Path);
        json.Stat(visited.Stat);
    });

    private static Regex ToPattern(string glob) => new(
        $"^{Regex.Escape(glob).Replace(@"\*", ".*", StringComparison.Ordinal).Replace(@"\?", ".", StringComparison.Ordinal)}$",
        RegexOptions.CultureInvariant | RegexOptions.NonBacktracking);

    private static long? ToSession(string text) => text == "any" ? 0
        : long.TryParse(text.AsSpan(text.StartsWith("0x", StringComparison.Ordinal) ? 2 : 0), NumberStyles.HexNumber, null, out var id) ? id
        : throw new UsageException($"--owner {text}: expected a session such as 0x1000a2b3c4d0001, or any.");

    private static long? MillisecondsBefore(TimeSpan? time) =>
        time is { } span ? (DateTimeOffset.UtcNow - span).ToUnixTimeMilliseconds() : null;
}

/// <summary>The lines of a tree. A znode is drawn when it is known whether others follow at its level: by its parent's children.</summary>
internal sealed class TreeDrawing
{
    // For each level, how many children are still to come.
    private readonly List<int> _left = [];

    public string Add(Visited visited)
    {
        _left.RemoveRange(Math.Min(visited.Depth, _left.Count), Math.Max(0, _left.Count - visited.Depth));
        var line = visited.Path;
        if (visited.Depth > 0)
        {
            _left[^1]--;
            var stem = string.Concat(_left.Take(visited.Depth - 1).Select(left => left > 0 ? "│   " : "    "));
            line = $"{stem}{(_left[^1] > 0 ? "├── " : "└── ")}{visited.Path[(visited.Path.LastIndexOf('/') + 1)..]}";
        }

        _left.Add(visited.Children.Length);
        return visited.IsEphemeral ? $"{line} (0x{visited.Stat.EphemeralOwner:x})" : line;
    }
}
