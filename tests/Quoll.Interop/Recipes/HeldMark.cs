using Quoll.Client;
using Quoll.Protocol;

namespace Quoll.Interop.Recipes;

/// <summary>
/// Says that something is held, as a znode that all programs of a test see, and looks whether somebody is there who should not be. Each
/// creates his own before he looks, so that of two who hold something at a time at least one sees the other.
/// </summary>
internal sealed class HeldMark : IAsyncDisposable
{
    public const string Parent = "/held";
    private readonly ZooKeeperClient _client;
    private readonly IAsyncDisposable _held;
    private readonly string _path;

    private HeldMark(ZooKeeperClient client, IAsyncDisposable held, string path) => (_client, _held, _path) = (client, held, path);

    /// <param name="client">By whom it is held.</param>
    /// <param name="held">What; given back with this.</param>
    /// <param name="mode"><c>alone</c>, or what others may hold at the same time.</param>
    public static async Task<HeldMark> ShowAsync(ZooKeeperClient client, IAsyncDisposable held, string mode)
    {
        var mark = (await client.CreateAsync($"{Parent}/{mode}-quoll-", default, CreateMode.EphemeralSequential)).Path;
        var others = (await client.GetChildrenAsync(Parent)).Names.Where(name => $"{Parent}/{name}" != mark).ToArray();
        Assert.DoesNotContain(others, name => mode == "alone" || name.StartsWith("alone", StringComparison.Ordinal));
        return new HeldMark(client, held, mark);
    }

    public async ValueTask DisposeAsync()
    {
        await _client.DeleteAsync(_path);
        await _held.DisposeAsync();
    }
}
