using System.Text;

namespace Quoll.Samples.MasterElection;

/// <summary>Names the master by hand: it is followed until that is taken back, whether the one who is named lives or not.</summary>
internal static class Operator
{
    public static async Task AppointAsync(SampleRun run)
    {
        var (path, name) = ($"/{run.Arguments[0]}/override", Encoding.UTF8.GetBytes(run.Arguments[1]));
        await using var client = await run.ConnectAsync();
        if (await client.TryCreateAsync(path, name, cancellationToken: run.Stop) is null)
            await client.SetAsync(path, name, cancellationToken: run.Stop);
        Console.WriteLine($"{run.Arguments[1]} shall be the master");
    }

    public static async Task DismissAsync(SampleRun run)
    {
        await using var client = await run.ConnectAsync();
        await client.TryDeleteAsync($"/{run.Arguments[0]}/override", cancellationToken: run.Stop);
        Console.WriteLine("the election decides");
    }
}
