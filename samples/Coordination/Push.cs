using System.Globalization;
using System.Text;
using System.Text.Json;
using Quoll.Client;

namespace Quoll.Samples.Coordination;

/// <summary>The znodes of the push system.</summary>
internal static class Push
{
    /// <summary>What the workers shall do, as the console says.</summary>
    public const string Order = "/push/order";

    /// <summary>Below it each worker has its ephemeral znode, with its report.</summary>
    public const string Workers = "/push/workers";

    /// <summary>Makes what is not there yet.</summary>
    public static async Task OpenAsync(ZooKeeperClient client, CancellationToken stop)
    {
        await client.TryCreateAsync("/push", cancellationToken: stop);
        await client.TryCreateAsync(Order, new PushOrder(0, 0).Write(), cancellationToken: stop);
    }
}

/// <summary>An order to all workers.</summary>
/// <param name="Number">The znode's version: how many orders there were.</param>
/// <param name="PerSecond">How many messages a worker pushes in a second.</param>
internal sealed record PushOrder(int Number, int PerSecond)
{
    public static PushOrder Read(Znode znode) =>
        new(znode.Stat.Version, int.Parse(Encoding.UTF8.GetString(znode.Data), CultureInfo.InvariantCulture));

    public byte[] Write() => Encoding.UTF8.GetBytes(PerSecond.ToString(CultureInfo.InvariantCulture));
}

/// <summary>What a worker reports.</summary>
/// <param name="Order">The number of the order that it obeys.</param>
/// <param name="PerSecond">What that says.</param>
/// <param name="Pushed">How many messages it has pushed.</param>
internal sealed record PushReport(int Order, int PerSecond, int Pushed)
{
    public static PushReport Read(ReadOnlySpan<byte> data) => JsonSerializer.Deserialize<PushReport>(data, JsonSerializerOptions.Web)!;

    public byte[] Write() => JsonSerializer.SerializeToUtf8Bytes(this, JsonSerializerOptions.Web);
}
