namespace Quoll.Cli.Shell;

/// <summary>
/// Writes that are made one after the other without waiting for each: a server carries out what a session asks for in its order. So many
/// are under way at most; the first that fails ends it.
/// </summary>
internal sealed class OrderedWrites
{
    private const int Most = 256;
    private readonly Queue<Task> _underWay = new();

    public int Done { get; private set; }

    public async ValueTask AddAsync(Task write)
    {
        _underWay.Enqueue(write);
        if (_underWay.Count == Most)
            await TakeAsync();
    }

    public async ValueTask FinishAsync()
    {
        while (_underWay.Count > 0)
            await TakeAsync();
    }

    private async ValueTask TakeAsync()
    {
        await _underWay.Dequeue();
        Done++;
    }
}
