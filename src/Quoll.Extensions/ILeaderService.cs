using Quoll.Recipes;

namespace Quoll.Extensions;

/// <summary>Work that is to be done on one host at a time.</summary>
public interface ILeaderService
{
    /// <summary>
    /// Does the work for as long as this host leads. What must not be done by two is done through
    /// <see cref="LockHandle.Fenced"/>, or with the fencing token: a host that stood still may learn late that another leads.
    /// </summary>
    /// <param name="leadership">What this host leads by.</param>
    /// <param name="cancellationToken">Fires when leadership is lost, or the program stops: come back soon.</param>
    Task ExecuteAsync(LockHandle leadership, CancellationToken cancellationToken);
}
