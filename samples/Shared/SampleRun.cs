using System.Globalization;
using System.Threading.Channels;
using Quoll.Client;

namespace Quoll.Samples;

/// <summary>What a demonstration or a role is given.</summary>
public sealed record SampleRun
{
    private static readonly TimeSpan FindsServerWithin = TimeSpan.FromSeconds(5);

    /// <summary>The servers.</summary>
    public required string ConnectionString { get; init; }

    /// <summary>How long a process may be silent before it counts as dead.</summary>
    public required TimeSpan SessionTimeout { get; init; }

    /// <summary>What the role was told on the command line.</summary>
    public required IReadOnlyList<string> Arguments { get; init; }

    /// <summary>The lines of standard input.</summary>
    public required ChannelReader<string> Input { get; init; }

    /// <summary>The processes that this one has started.</summary>
    public required Fleet Fleet { get; init; }

    /// <summary>Fires when the program is to end.</summary>
    public required CancellationToken Stop { get; init; }

    /// <summary>A client of its own, with a session.</summary>
    public ValueTask<ZooKeeperClient> ConnectAsync() => ZooKeeperClient.ConnectAsync(
        new ZooKeeperClientOptions { ConnectionString = ConnectionString, SessionTimeout = SessionTimeout }, Stop);

    /// <summary>Sees that there are servers, and makes the path that the connection string may end with: all others are below it.</summary>
    public async Task OpenAsync()
    {
        var servers = ConnectionString.Split('/', StringSplitOptions.RemoveEmptyEntries);
        await using var client = await ZooKeeperClient.ConnectAsync(
            new ZooKeeperClientOptions { ConnectionString = servers[0], RequestTimeout = FindsServerWithin }, Stop);
        for (var depth = 2; depth <= servers.Length; depth++)
            await client.TryCreateAsync($"/{string.Join('/', servers[1..depth])}", cancellationToken: Stop);
    }

    /// <summary>Starts a process of this same program, in a role. What it says stands on this one's output too.</summary>
    /// <param name="role">The role's name.</param>
    /// <param name="arguments">What it is told.</param>
    public Actor Start(string role, params string[] arguments) => Start(Console.WriteLine, role, arguments);

    /// <summary>Starts a process of this same program, in a role.</summary>
    /// <param name="said">Called with each line that it says.</param>
    /// <param name="role">The role's name.</param>
    /// <param name="arguments">What it is told.</param>
    public Actor Start(Action<string> said, string role, params string[] arguments) => Fleet.Start(
        said,
        [
            role, .. arguments, "--attended", "--connect", ConnectionString,
            "--session-timeout", SessionTimeout.TotalSeconds.ToString(CultureInfo.InvariantCulture),
        ]);
}
