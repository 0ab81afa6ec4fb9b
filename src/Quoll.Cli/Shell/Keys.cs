namespace Quoll.Cli.Shell;

/// <summary>Keys that are pressed while something else goes on; Ctrl+C is one of them.</summary>
internal sealed class Keys : IDisposable
{
    private Task<ConsoleKeyInfo>? _next;

    public Keys() => Console.TreatControlCAsInput = true;

    /// <summary>The next one; null if none is pressed in time. It must be asked for until it has come: a key that is waited for is
    /// taken.</summary>
    public async Task<ConsoleKey?> NextAsync(TimeSpan patience, CancellationToken stop)
    {
        _next ??= Task.Run(() => Console.ReadKey(intercept: true));
        try
        {
            var key = await _next.WaitAsync(patience, stop);
            _next = null;
            return key.Key;
        }
        catch (TimeoutException)
        {
            return null;
        }
    }

    public void Dispose() => Console.TreatControlCAsInput = false;
}
