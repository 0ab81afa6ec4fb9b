using System.Globalization;

namespace Quoll.Samples.RunOnce;

/// <summary>Puts a job on the list each time that one is due. It is named by the time for which it is planned, whenever it is put
/// there.</summary>
internal static class Schedule
{
    private const int Kept = 100;

    public static async Task RunAsync(SampleRun run)
    {
        var every = TimeSpan.FromSeconds(double.Parse(run.Arguments[0], CultureInfo.InvariantCulture));
        await using var client = await run.ConnectAsync();
        var jobs = new JobList(client);
        while (true)
        {
            var now = DateTime.UtcNow;
            var due = new DateTime((now.Ticks / every.Ticks + 1) * every.Ticks, DateTimeKind.Utc);
            await Task.Delay(due - now, run.Stop);
            await jobs.PutAsync(due.ToString("yyyy-MM-dd'T'HH:mm:ss.ff'Z'", CultureInfo.InvariantCulture), run.Stop);
            await jobs.ForgetAsync(Kept, run.Stop);
        }
    }
}
