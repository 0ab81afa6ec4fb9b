using System.Globalization;
using System.Text;
using Quoll.Client;
using Quoll.Recipes;

namespace Quoll.Samples.MasterElection;

/// <summary>The master's work: a book in which nobody else may write. Its znode holds who wrote the last entry, and its number.</summary>
internal static class Book
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(200);

    /// <summary>Writes one entry after the other, until one is refused.</summary>
    public static async Task KeepAsync(
        ZooKeeperClient client, string path, string name, Func<Transaction, Task> commitFencedAsync, CancellationToken stop)
    {
        await client.TryCreateAsync(path, cancellationToken: stop);
        var entry = Read((await client.GetAsync(path, stop)).Data).Entry;
        Console.WriteLine($"{name} is the master, and goes on after entry {entry}");
        while (true)
        {
            try
            {
                await commitFencedAsync(new Transaction().Set(path, Encoding.UTF8.GetBytes($"{name} {entry + 1}")));
                entry++;
            }
            catch (LockLostException e)
            {
                Console.WriteLine($"{name} is not the master any more, entry {entry + 1} was refused: {e.Message}");
                return;
            }
            catch (ZooKeeperException e) when (e.Outcome != RequestOutcome.Refused)
            {
                // No answer. To write the same entry once more does no harm, and if there is another master by now it is refused.
                Console.WriteLine($"{name} writes entry {entry + 1} once more: {e.Message}");
            }

            await Task.Delay(Pause, stop);
        }
    }

    /// <summary>What stands in the znode; nobody and 0 in one that is new.</summary>
    public static (string Name, int Entry) Read(byte[] data)
    {
        var text = Encoding.UTF8.GetString(data).Split(' ');
        return text is [var name, var entry] ? (name, int.Parse(entry, CultureInfo.InvariantCulture)) : ("nobody", 0);
    }
}
