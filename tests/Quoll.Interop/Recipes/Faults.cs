using System.Globalization;
using System.Net;
using System.Text;
using System.Text.RegularExpressions;
using Quoll.Client;
using Quoll.Interop.Servers;

namespace Quoll.Interop.Recipes;

/// <summary>What is done to recipes in more than one test.</summary>
internal static partial class Faults
{
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    public static byte[] Bytes(string text) => Encoding.UTF8.GetBytes(text);

    public static string Text(ReadOnlyMemory<byte> bytes) => Encoding.UTF8.GetString(bytes.Span);

    public static Task UntilAsync(string what, Func<bool> holds) => Deadline.UntilAsync(Patience, what, () => Task.FromResult(holds()));

    /// <summary>Ends a client's session behind its back: another takes it over and closes it; again if the client has taken it back
    /// before.</summary>
    public static async Task EndSessionAsync(ZooKeeperClient client)
    {
        var session = await client.GetSessionAsync();
        var options = client.Options with { ResumeSession = (session.Id, session.Password), Connect = null };
        await Deadline.UntilAsync(Patience, "the session has ended for its client", async () =>
        {
            if (!session.Ended.IsCancellationRequested)
                await (await ZooKeeperClient.ConnectAsync(options)).DisposeAsync();
            return session.Ended.IsCancellationRequested;
        });
    }

    /// <summary>How many watches there are at servers.</summary>
    public static async Task<int> WatchesAsync(string addresses)
    {
        var count = 0;
        foreach (var address in addresses.Split(','))
        {
            var answer = await Handshake.AskAsync(IPEndPoint.Parse(address), "wchs");
            count += int.Parse(Total().Match(answer).Groups["count"].Value, CultureInfo.InvariantCulture);
        }

        return count;
    }

    /// <summary>How many sessions watch a path, summed over the servers: others' watches come and go meanwhile, also those of the
    /// dead.</summary>
    public static async Task<int> WatchesAsync(string addresses, string path)
    {
        var count = 0;
        foreach (var address in addresses.Split(','))
        {
            var lines = (await Handshake.AskAsync(IPEndPoint.Parse(address), "wchp")).Split('\n');
            count += lines.SkipWhile(line => line != path).Skip(1).TakeWhile(line => line.StartsWith('\t')).Count();
        }

        return count;
    }

    /// <summary>The next element of a stream.</summary>
    public static async Task<T> NextAsync<T>(this IAsyncEnumerator<T> stream)
    {
        Assert.True(await stream.MoveNextAsync().AsTask().WaitAsync(Patience, TestContext.Current.CancellationToken));
        return stream.Current;
    }

    /// <summary>The elements of a stream up to the first that is as it should be.</summary>
    public static async Task<List<T>> UpToAsync<T>(this IAsyncEnumerator<T> stream, Func<T, bool> isLast)
    {
        var all = new List<T>();
        do
            all.Add(await stream.NextAsync());
        while (!isLast(all[^1]));
        return all;
    }

    [GeneratedRegex(@"Total watches:\s*(?<count>\d+)")]
    private static partial Regex Total();
}
