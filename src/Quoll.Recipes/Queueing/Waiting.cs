using Quoll.Client;

namespace Quoll.Recipes.Queueing;

/// <summary>Queueing for a limited time.</summary>
internal static class Waiting
{
    /// <summary>The place if its turn came in time; null otherwise, and then it is given up.</summary>
    public static async ValueTask<Place?> TryAsync(ZooKeeperClient client, QueuePlan plan, TimeSpan wait, CancellationToken cancellation)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(wait, TimeSpan.Zero);
        if (wait == TimeSpan.Zero)
            return await Place.QueueAsync(client, plan with { WaitsForTurn = false }, cancellation).ConfigureAwait(false);
        using var patience = new CancellationTokenSource(wait, client.Options.TimeProvider);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(patience.Token, cancellation);
        try
        {
            return await Place.QueueAsync(client, plan, either.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested && patience.IsCancellationRequested)
        {
            return null;
        }
    }
}
