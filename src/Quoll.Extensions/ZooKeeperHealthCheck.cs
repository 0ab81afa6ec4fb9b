using Microsoft.Extensions.Diagnostics.HealthChecks;
using Quoll.Client;

namespace Quoll.Extensions;

/// <summary>Whether a client has its session, by what it knows itself.</summary>
internal sealed class ZooKeeperHealthCheck(ZooKeeperClient client) : IHealthCheck
{
    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        var state = client.State;
        var left = state.Session?.LeaseRemaining ?? TimeSpan.Zero;
        var status = state.State switch
        {
            ConnectionState.Connected => HealthStatus.Healthy,
            ConnectionState.ConnectedReadOnly => HealthStatus.Degraded,
            ConnectionState.Suspended when left > TimeSpan.Zero => HealthStatus.Degraded,
            _ => context.Registration.FailureStatus,
        };
        var data = new Dictionary<string, object>
        {
            ["state"] = state.State.ToString(),
            ["server"] = state.Server ?? "",
            ["session"] = state.Session?.ToString() ?? "",
            ["lease_seconds"] = Math.Max(left.TotalSeconds, 0),
        };
        return Task.FromResult(new HealthCheckResult(status, $"{state.State} {state.Server}. {state.Reason}".TrimEnd(), null, data));
    }
}
