using System.Text;

namespace Quoll.Samples.Configuration;

/// <summary>Changes a setting: all who use it have it at once.</summary>
internal static class Settings
{
    public static async Task SetAsync(SampleRun run)
    {
        var (path, value) = ($"/config/shop/{run.Arguments[0]}", Encoding.UTF8.GetBytes(run.Arguments[1]));
        await using var client = await run.ConnectAsync();
        await client.TryCreateAsync("/config", cancellationToken: run.Stop);
        await client.TryCreateAsync("/config/shop", cancellationToken: run.Stop);
        if (await client.TryCreateAsync(path, value, cancellationToken: run.Stop) is null)
            await client.SetAsync(path, value, cancellationToken: run.Stop);
        Console.WriteLine($"{path} is {run.Arguments[1]}");
    }
}
