using System.Net;
using Quoll.Interop.Servers;

namespace Quoll.Interop.Ensembles;

/// <summary>What an ensemble is made of.</summary>
internal sealed record EnsemblePlan(params ServerKind[] Voters)
{
    /// <summary>Their numbers follow those of the voters.</summary>
    public ServerKind[] Observers { get; init; } = [];

    /// <summary>Settings that take the place of the usual ones, or are beside them.</summary>
    public string[] Settings { get; init; } = [];

    /// <summary>Variables of a server, by its number.</summary>
    public Func<int, IReadOnlyDictionary<string, string>?> Environment { get; init; } = _ => null;

    /// <summary>The network whose places the servers have; null for loopback.</summary>
    public Lan? Lan { get; init; }

    /// <summary>Each server has an address of its own: their ports for observers have one number.</summary>
    public bool FollowersServeObservers { get; init; }

    /// <summary>What stands between the servers; null for nothing.</summary>
    public RelaySet? Relays { get; init; }

    /// <summary>So many Quoll servers, which notice within a few seconds what has become of one another.</summary>
    public static EnsemblePlan Quick(int voters, params string[] settings) => new([.. Enumerable.Repeat(ServerKind.Quoll, voters)])
    {
        Settings = [.. Override(["tickTime=400", "initLimit=20", "syncLimit=5"], settings)],
    };

    /// <summary>A server that does not run yet.</summary>
    public ServerProcess Create(int number) => ServerProcess.Create(
        number <= Voters.Length ? Voters[number - 1] : Observers[number - 1 - Voters.Length], PlaceOf(number), Environment(number));

    public IEnumerable<string> Merge(IEnumerable<string> usual) => Override(usual, Settings);

    private ServerPlace? PlaceOf(int number) =>
        FollowersServeObservers ? new ServerPlace(IPAddress.Parse($"127.0.7.{number}")) : Lan?.PlaceOf(number);

    private static IEnumerable<string> Override(IEnumerable<string> usual, string[] own) =>
        usual.Where(line => !own.Any(other => other.Split('=')[0] == line.Split('=')[0])).Concat(own);
}
