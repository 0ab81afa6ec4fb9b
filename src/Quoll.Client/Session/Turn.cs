namespace Quoll.Client.Session;

/// <summary>Done when its turn comes among what waits for a thread.</summary>
internal sealed class Turn : IThreadPoolWorkItem
{
    private readonly TaskCompletionSource _come = new();

    public Task Task => _come.Task;

    public void Execute() => _come.SetResult();
}
