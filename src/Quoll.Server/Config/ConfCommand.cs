using System.Globalization;

namespace Quoll.Server.Config;

/// <summary>The sizes that are measured when <c>conf</c> is asked, in bytes.</summary>
internal readonly record struct DirectorySizes(long Data, long Log);

/// <summary>The answer to the four-letter word <c>conf</c>.</summary>
internal static class ConfCommand
{
    /// <param name="config">What the server runs with.</param>
    /// <param name="boundPort">The port that is open, which the configuration does not know when it asked for any.</param>
    /// <param name="sizes">How large the directories are now.</param>
    public static string Render(ServerConfig config, int boundPort, DirectorySizes sizes) =>
        string.Create(CultureInfo.InvariantCulture, $"""
            clientPort={boundPort}
            secureClientPort=-1
            dataDir={Path.Combine(config.Storage.DataDir, "version-2")}
            dataDirSize={sizes.Data}
            dataLogDir={Path.Combine(config.Storage.LogDir, "version-2")}
            dataLogSize={sizes.Log}
            tickTime={config.Ticks.TickTime.TotalMilliseconds}
            maxClientCnxns={config.Limits.ConnectionsPerAddress}
            minSessionTimeout={config.Ticks.MinSessionTimeout.TotalMilliseconds}
            maxSessionTimeout={config.Ticks.MaxSessionTimeout.TotalMilliseconds}
            clientPortListenBacklog={config.Listen.Backlog}
            serverId={config.Quorum.ServerId}

            """) + (config.Quorum.Ensemble is null ? "" : RenderEnsemble(config.Quorum));

    private static string RenderEnsemble(QuorumSettings quorum) =>
        string.Create(CultureInfo.InvariantCulture, $"""
            initLimit={quorum.InitLimit}
            syncLimit={quorum.SyncLimit}
            electionAlg={(int)quorum.ElectionAlg}
            electionPort={string.Join('|', quorum.Self.Addresses.Select(address => address.ElectionPort))}
            quorumPort={string.Join('|', quorum.Self.Addresses.Select(address => address.QuorumPort))}
            peerType={(quorum.Self.IsObserver ? 1 : 0)}
            membership: 
            {quorum.Ensemble}
            """);
}
