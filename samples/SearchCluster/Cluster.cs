using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using Quoll.Client;

namespace Quoll.Samples.SearchCluster;

/// <summary>The znodes, and what stands in them.</summary>
internal static class Cluster
{
    /// <summary>Below it each index server has its ephemeral znode.</summary>
    public const string Indexes = "/search/indexes";

    /// <summary>Who changes places holds this lock.</summary>
    public const string Lock = "/search/changing";

    /// <summary>Below it the master and the standby queue; their znodes' data is their address.</summary>
    public const string Masters = "/search/masters";

    private const string Parts = "/search/parts";

    /// <summary>Makes what is not there yet, and tells in how many parts the collection is cut.</summary>
    public static async Task<int> OpenAsync(ZooKeeperClient client, CancellationToken stop)
    {
        await client.TryCreateAsync("/search", cancellationToken: stop);
        await client.TryCreateAsync(Indexes, cancellationToken: stop);
        await client.TryCreateAsync(Parts, "15"u8.ToArray(), cancellationToken: stop);
        return int.Parse(Encoding.UTF8.GetString((await client.GetAsync(Parts, stop)).Data), CultureInfo.InvariantCulture);
    }
}

internal enum IndexState
{
    Building,
    Serving,
}

/// <summary>What stands in an index server's znode.</summary>
/// <param name="Address">Where it is asked.</param>
/// <param name="State">What it does.</param>
/// <param name="Part">With which part; null if it builds and has not chosen yet.</param>
/// <param name="Built">When what it serves was built.</param>
internal sealed record IndexEntry(string Address, IndexState State, int? Part = null, DateTimeOffset Built = default)
{
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web)
    {
        Converters = { new JsonStringEnumConverter(JsonNamingPolicy.CamelCase) },
    };

    public static IndexEntry Read(ReadOnlySpan<byte> data) => JsonSerializer.Deserialize<IndexEntry>(data, Json)!;

    public byte[] Write() => JsonSerializer.SerializeToUtf8Bytes(this, Json);

    public bool Serves(int part) => State == IndexState.Serving && Part == part;

    public bool Builds(int part) => State == IndexState.Building && Part == part;
}
