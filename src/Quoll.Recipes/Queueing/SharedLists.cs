using System.Runtime.CompilerServices;
using Quoll.Client;

namespace Quoll.Recipes.Queueing;

/// <summary>
/// Lists of a queue's znodes for those of one session who ask at the same time: one request is under way, and all who ask meanwhile share
/// the next one, which is sent after they asked. So ten thousand who queue in one process do not read ten thousand lists of ten thousand
/// names.
/// </summary>
internal sealed class SharedLists
{
    private static readonly ConditionalWeakTable<ZooKeeperSession, SharedLists> BySession = [];
    private readonly Lock _gate = new();
    private readonly Dictionary<string, TaskCompletionSource<Task<string[]>>?> _next = [];

    /// <summary>The children of a znode, by a request that is sent after this call; none if it is not there.</summary>
    /// <param name="bound">A client that is bound to the session.</param>
    /// <param name="session">Who else is of it shares the request.</param>
    /// <param name="path">The znode.</param>
    public static Task<string[]> ListAsync(ZooKeeperClient bound, ZooKeeperSession session, string path) =>
        BySession.GetOrCreateValue(session).ListAsync(bound, path);

    private Task<string[]> ListAsync(ZooKeeperClient bound, string path)
    {
        lock (_gate)
        {
            var key = bound.Root + path;
            if (_next.TryGetValue(key, out var next))
            {
                _next[key] = next ??= new TaskCompletionSource<Task<string[]>>();
                return next.Task.Unwrap();
            }

            _next.Add(key, null);
        }

        return ReadAsync(bound, path);
    }

    private async Task<string[]> ReadAsync(ZooKeeperClient bound, string path)
    {
        try
        {
            return (await bound.TryGetChildrenAsync(path).ConfigureAwait(false))?.Names ?? [];
        }
        finally
        {
            ReadNext(bound, path);
        }
    }

    private void ReadNext(ZooKeeperClient bound, string path)
    {
        TaskCompletionSource<Task<string[]>>? next;
        lock (_gate)
        {
            var key = bound.Root + path;
            next = _next[key];
            if (next is null)
                _next.Remove(key);
            else
                _next[key] = null;
        }

        next?.SetResult(ReadAsync(bound, path));
    }
}
