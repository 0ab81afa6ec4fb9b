using System.Globalization;
using System.Text;
using Quoll.Interop.Crash;
using Quoll.Interop.Servers;

namespace Quoll.Interop.Faults;

/// <summary>Another client of the same server: whatever is done to the server, it is served, and nothing it wrote is lost.</summary>
internal sealed class Witness : IDisposable
{
    private const string Path = "/witness";
    private readonly RawSession _session;
    private int _writes;

    private Witness(RawSession session) => _session = session;

    public RawSession Session => _session;

    public static async Task<Witness> OpenAsync(ServerProcess server)
    {
        var witness = new Witness(await RawSession.OpenAsync(server.Port));
        Assert.Equal(0, (await witness._session.CreateAsync(Path, "0")).Error);
        return witness;
    }

    /// <summary>Finds its last word.</summary>
    public async Task ReadAsync() => Assert.Equal(_writes, (await _session.GetAsync(Path))!.Version);

    /// <summary>Writes once more, and finds its last word and the number of all of them.</summary>
    public async Task CheckAsync()
    {
        var data = (_writes + 1).ToString(CultureInfo.InvariantCulture);
        Assert.Equal(0, (await _session.SetAsync(Path, data, _writes)).Error);
        _writes++;
        var state = await _session.GetAsync(Path);
        Assert.Equal((_writes, data), (state!.Version, state.Data));
    }

    public async Task MakeAsync(string path, int bytes = 0) =>
        Assert.Equal(0, (await _session.CreateAsync(path, new string('x', bytes))).Error);

    public Task UntilGoneAsync(string path, ServerProcess server) => Deadline.UntilAsync(
        TimeSpan.FromSeconds(60), $"{path} is gone", async () => await _session.GetAsync(path) is null, () => server.Output);

    public void Dispose() => _session.Dispose();

    public static byte[] Bytes(string text) => Encoding.UTF8.GetBytes(text);
}
