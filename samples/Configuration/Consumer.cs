using System.Globalization;
using System.Text;
using Quoll.Client;
using Quoll.Recipes;

namespace Quoll.Samples.Configuration;

/// <summary>
/// Consumes the lines of a feed one by one. How many it has consumed stands in a znode, set after each: a line may be consumed twice,
/// by one who was killed between the two, but none is left out.
/// </summary>
internal static class Consumer
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(200);

    public static async Task RunAsync(SampleRun run)
    {
        var (name, feed) = (run.Arguments[0], run.Arguments[1]);
        await using var client = await run.ConnectAsync();
        var offset = new SharedValue(client, $"/offsets/{name}", "0"u8.ToArray());
        await client.SyncAsync(cancellationToken: run.Stop);   // this server may not have heard yet what the one before it was told
        var (consumed, version) = Read(await offset.GetAsync(run.Stop));
        Console.WriteLine($"{name} begins after line {consumed}");
        while (true)
        {
            if (File.Exists(feed) && File.ReadLines(feed).Skip(consumed).FirstOrDefault() is { } line)
            {
                Console.WriteLine($"{name} consumes line {consumed + 1}: {line}");
                var next = Encoding.UTF8.GetBytes((consumed + 1).ToString(CultureInfo.InvariantCulture));

                // The version is one more, unless somebody else has set it: another consumer of this name, or an operator.
                if (!await offset.TrySetAsync(next, version, run.Stop))
                    Console.WriteLine($"{name} did not expect that somebody else sets its offset");
                (consumed, version) = Read(await offset.GetAsync(run.Stop));
            }

            await Task.Delay(Pause, run.Stop);
        }
    }

    private static (int Consumed, int Version) Read(Znode znode) =>
        (int.Parse(Encoding.UTF8.GetString(znode.Data), CultureInfo.InvariantCulture), znode.Stat.Version);
}
