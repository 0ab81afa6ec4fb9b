namespace Quoll.Differential.Running;

/// <summary>
/// The nodes every sequence shares. Their versions and children depend on the server's history, so before a run,
/// and after a sequence that went differently, the server that lags is brought level with the other.
/// </summary>
internal static class Ground
{
    public static readonly string[] Shared = ["/", "/zookeeper", "/zookeeper/quota"];

    public static async Task LevelAsync(ControlSession left, ControlSession right)
    {
        foreach (var path in Shared)
        {
            foreach (var control in (ControlSession[])[left, right])
            {
                await control.SetDataAsync(path);
                await control.SetAclAsync(path);
                await control.CreateAsync(Below(path, "level"));
                await control.DeleteAsync(Below(path, "level"));
            }

            await LevelChildrenAsync(path, left, right);
            await LevelChildrenAsync(path, right, left);
            var (l, r) = (await left.VersionsAsync(path), await right.VersionsAsync(path));
            await RaiseAsync(left, path, l, r);
            await RaiseAsync(right, path, r, l);
        }
    }

    private static async Task LevelChildrenAsync(string path, ControlSession from, ControlSession to)
    {
        foreach (var child in (await from.ChildrenAsync(path)).Except(await to.ChildrenAsync(path)))
            await to.CreateAsync(Below(path, child));
    }

    private static async Task RaiseAsync(ControlSession control, string path, NodeVersions own, NodeVersions other)
    {
        for (var version = own.Data; version < other.Data; version++)
            await control.SetDataAsync(path);

        for (var version = own.Acl; version < other.Acl; version++)
            await control.SetAclAsync(path);

        // With equal children the two differ by whole pairs of a create and a delete.
        for (var version = own.Children; version < other.Children; version += 2)
        {
            await control.CreateAsync(Below(path, "level"));
            await control.DeleteAsync(Below(path, "level"));
        }
    }

    /// <summary>Removes what a sequence left: its root, and anything new under the shared nodes.</summary>
    public static async Task ClearAsync(ControlSession control, IReadOnlyDictionary<string, string[]> before)
    {
        foreach (var path in Shared.Reverse())
        {
            await control.SetAclAsync(path);
            await control.SetDataAsync(path);
            foreach (var child in (await control.ChildrenAsync(path)).Except(before[path]))
                await control.DeleteTreeAsync(Below(path, child));
        }
    }

    public static string Below(string path, string child) => path == "/" ? "/" + child : path + "/" + child;
}
