using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Quoll.Client;
using Quoll.Recipes;

namespace Quoll.Extensions;

/// <summary>Stands for election as long as the program runs, and lets a service run while it leads.</summary>
internal sealed class LeaderHost<T>(LeaderElection election, IServiceScopeFactory scopes, TimeProvider time, ILogger<LeaderHost<T>> logger)
    : BackgroundService
    where T : class, ILeaderService
{
    /// <summary>After a failure, so that one which comes back at once does not turn without end.</summary>
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                await election.RunAsync(LeadAsync, stoppingToken).ConfigureAwait(false);
                await Task.Delay(Pause, time, stoppingToken).ConfigureAwait(false);
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                return;
            }
            catch (ZooKeeperException e)
            {
                logger.CannotStand(election.Path, e.Message);
                await Task.Delay(Pause, time, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }

    private async Task LeadAsync(LockHandle leadership, CancellationToken lost)
    {
        logger.Leads(typeof(T).Name, election.Path, leadership.FencingToken);
        var scope = scopes.CreateAsyncScope();
        await using var _ = scope.ConfigureAwait(false);
        try
        {
            await scope.ServiceProvider.GetRequiredService<T>().ExecuteAsync(leadership, lost).ConfigureAwait(false);
            logger.StandsDown(typeof(T).Name, election.Path);
        }
        catch (OperationCanceledException) when (lost.IsCancellationRequested)
        {
            logger.LostLead(typeof(T).Name, election.Path);
            throw;
        }
#pragma warning disable CA1031 // A service that fails gives the others their turn, and is tried again: it must not end the program.
        catch (Exception e)
#pragma warning restore CA1031
        {
            logger.Failed(e, typeof(T).Name, election.Path);
        }
    }
}
