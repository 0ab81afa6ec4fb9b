using System.CommandLine;
using System.Text;
using Quoll.Client;

namespace Quoll.Cli.Shell;

/// <summary>Commands about quotas, which are znodes below <c>/zookeeper/quota</c>.</summary>
internal static class QuotaCommands
{
    private const string Root = "/zookeeper/quota";

    public static IEnumerable<Command> All(ShellContext shell) => [List(shell), Set(shell), Delete(shell)];

    private static Command List(ShellContext shell)
    {
        var path = ShellCommands.Path(shell);
        var command = new Command("listquota", "Show a znode's quota and what counts against it.\nquoll listquota /app") { path };
        shell.SetAction(command, async invocation =>
        {
            var (client, at) = (await invocation.ConnectAsync(), invocation.Get(path));
            if (await client.TryGetAsync(Limits(at), invocation.Stop) is not { } limits)
            {
                invocation.Show(
                    () => $"absolute path is {Limits(at)}\nquota for {at} does not exist.", json => json.Writer.WriteNullValue());
                return;
            }

            var (quota, used) = (Quota.Parse(limits.Data), Quota.Parse((await client.GetAsync(Stats(at), invocation.Stop)).Data));
            invocation.Show(
                () => $"absolute path is {Limits(at)}\nOutput quota for {at} {quota}\nOutput stat for {at} {used}",
                json => json.Object(() =>
                {
                    quota.WriteTo(json, "quota");
                    used.WriteTo(json, "stat");
                }));
        });
        return command;
    }

    private static Command Set(ShellContext shell)
    {
        var path = ShellCommands.Path(shell);
        Option<long>[] limits =
            [Limit("-n", "znodes"), Limit("-b", "bytes"), Limit("-N", "znodes, never more"), Limit("-B", "bytes, never more")];
        var command = new Command("setquota", "Limit what is below a znode.\nquoll setquota -N 10000 /app") { path };
        foreach (var limit in limits)
            command.Options.Add(limit);
        shell.SetAction(command, async invocation =>
        {
            var (client, at) = (await invocation.ConnectAsync(), invocation.Get(path));
            if (at.StartsWith(Root, StringComparison.Ordinal))
                throw new UsageException($"cannot set a quota under the path: {Root}");
            var given = limits.Zip(Quota.Keys).Where(each => invocation.Parsed.GetResult(each.First) is { Implicit: false }).ToList();
            if (given.Count == 0)
                throw new UsageException("Say which limit: -n, -b, -N or -B.");
            if (await client.ExistsAsync(at, invocation.Stop) is null)
                throw new ShellException($"{at} does not exist.");
            await CheckOthersAsync(client, at, invocation.Stop);
            var existing = await client.TryGetAsync(Limits(at), invocation.Stop);
            var quota = existing is { } znode ? Quota.Parse(znode.Data) : new Quota();
            foreach (var (option, key) in given)
                quota[key] = invocation.Get(option);
            if (existing is null)
            {
                await WriteCommands.CreateParentsAsync(client, Limits(at), invocation.Stop);
                await client.CreateAsync(Limits(at), quota.Write(all: true), cancellationToken: invocation.Stop);
                var nothing = new Quota { ["count"] = 0, ["bytes"] = 0 }.Write(all: false);
                await client.TryCreateAsync(Stats(at), nothing, default, invocation.Stop);
            }
            else
            {
                await client.SetAsync(Limits(at), quota.Write(all: true), existing.Value.Stat.Version, invocation.Stop);
            }
        });
        return command;
    }

    private static Command Delete(ShellContext shell)
    {
        var path = ShellCommands.Path(shell);
        Option<bool>[] limits = [Flag("-n"), Flag("-b"), Flag("-N"), Flag("-B")];
        var command = new Command("delquota", "Remove a znode's quota, or some of its limits.\nquoll delquota -n /app") { path };
        foreach (var limit in limits)
            command.Options.Add(limit);
        shell.SetAction(command, async invocation =>
        {
            var (client, at) = (await invocation.ConnectAsync(), invocation.Get(path));
            if (await client.TryGetAsync(Limits(at), invocation.Stop) is not { } znode)
            {
                invocation.Show(() => $"Quota does not exist for {at}", json => json.Writer.WriteNullValue());
                return;
            }

            var given = limits.Zip(Quota.Keys).Where(each => invocation.Get(each.First)).ToList();
            if (given.Count == 0)
            {
                await RemoveAsync(client, at, invocation.Stop);
                return;
            }

            var quota = Quota.Parse(znode.Data);
            foreach (var (_, key) in given)
                quota[key] = -1;
            await client.SetAsync(Limits(at), quota.Write(all: true), znode.Stat.Version, invocation.Stop);
        });
        return command;
    }

    // With what was made above it for it alone.
    private static async Task RemoveAsync(ZooKeeperClient client, string path, CancellationToken stop)
    {
        await client.TryDeleteAsync(Limits(path), cancellationToken: stop);
        await client.TryDeleteAsync(Stats(path), cancellationToken: stop);
        for (var at = Root + path; at.Length > Root.Length; at = at[..at.LastIndexOf('/')])
        {
            if (await client.ExistsAsync(at, stop) is { NumChildren: > 0 })
                break;
            await client.TryDeleteAsync(at, cancellationToken: stop);
        }
    }

    // One quota on the way from the root to a leaf.
    private static async Task CheckOthersAsync(ZooKeeperClient client, string path, CancellationToken stop)
    {
        for (var slash = path.IndexOf('/', 1); slash > 0; slash = path.IndexOf('/', slash + 1))
        {
            if (await client.ExistsAsync(Limits(path[..slash]), stop) is not null)
                throw new ShellException($"{path} has a parent {path[..slash]} which has a quota");
        }

        if (await client.ExistsAsync(Root + path, stop) is null)
            return;
        await foreach (var visited in Subtree.WalkAsync(client, Root + path, SubtreeParts.None, stop))
        {
            if (visited.Depth > 0 && visited.Children.Contains("zookeeper_limits"))
                throw new ShellException($"{path} has a child {visited.Path[Root.Length..]} which has a quota");
        }
    }

    private static Option<long> Limit(string name, string what) => new(name) { Description = $"Most {what}.", HelpName = "limit" };

    private static Option<bool> Flag(string name) => new(name) { Description = "This limit only." };

    private static string Limits(string path) => $"{Root}{path}/zookeeper_limits";

    private static string Stats(string path) => $"{Root}{path}/zookeeper_stats";
}

/// <summary>What stands in the znodes of a quota: numbers by name, -1 where there is no limit.</summary>
internal sealed class Quota
{
    /// <summary>The limits in the order of the options -n, -b, -N and -B.</summary>
    public static readonly string[] Keys = ["count", "bytes", "countHardLimit", "byteHardLimit"];

    private readonly SortedDictionary<string, long> _values = new(StringComparer.Ordinal);

    public long this[string key]
    {
        get => _values.GetValueOrDefault(key, -1);
        set => _values[key] = value;
    }

    public static Quota Parse(byte[] data)
    {
        var quota = new Quota();
        foreach (var pair in Encoding.UTF8.GetString(data).Split([',', ';'], StringSplitOptions.RemoveEmptyEntries))
        {
            var parts = pair.Split('=', StringSplitOptions.RemoveEmptyEntries);
            if (parts.Length == 2 && long.TryParse(parts[1], out var value))
                quota[parts[0]] = value;
        }

        return quota;
    }

    public void WriteTo(JsonAnswer json, string name)
    {
        json.Writer.WriteStartObject(name);
        foreach (var (key, value) in _values)
            json.Writer.WriteNumber(key, value);
        json.Writer.WriteEndObject();
    }

    /// <param name="all">With the limits that are not set, as zkCli writes them.</param>
    public byte[] Write(bool all)
    {
        foreach (var key in all ? Keys : [])
            _values.TryAdd(key, -1);
        return Encoding.UTF8.GetBytes(ToString());
    }

    // The second = makes servers that know only two limits ignore the others.
    public override string ToString()
    {
        var more = _values.Where(pair => pair.Key is not ("count" or "bytes")).Select(pair => $";{pair.Key}={pair.Value}").ToList();
        return $"count={this["count"]},bytes={this["bytes"]}{(more.Count > 0 ? "=" : "")}{string.Concat(more)}";
    }
}
