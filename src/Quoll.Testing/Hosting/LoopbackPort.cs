using System.Net;
using System.Net.Sockets;

namespace Quoll.Testing.Hosting;

/// <summary>A port of 127.0.0.1 that leads to a server. While the server can't be reached, connections to it are reset.</summary>
internal sealed class LoopbackPort : IAsyncDisposable
{
    private readonly Func<CancellationToken, ValueTask<Stream>> _connect;
    private readonly Socket _listener = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
    private readonly CancellationTokenSource _stop = new();
    private readonly List<Task> _tasks = [];

    public LoopbackPort(Func<CancellationToken, ValueTask<Stream>> connect)
    {
        _connect = connect;
        _listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        _listener.Listen();
        EndPoint = (IPEndPoint)_listener.LocalEndPoint!;
        Keep(AcceptAsync());
    }

    public IPEndPoint EndPoint { get; }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync().ConfigureAwait(false);
        _listener.Dispose();
        Task[] tasks;
        lock (_tasks)
        {
            tasks = [.. _tasks];
        }

        await Task.WhenAll(tasks).ConfigureAwait(false);
        _stop.Dispose();
    }

    private void Keep(Task task)
    {
        lock (_tasks)
        {
            _tasks.RemoveAll(each => each.IsCompleted);
            _tasks.Add(task);
        }
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
                Keep(ServeAsync(await _listener.AcceptAsync(_stop.Token).ConfigureAwait(false)));
        }
        catch (Exception e) when (e is OperationCanceledException or ObjectDisposedException or SocketException)
        {
            // The ensemble is disposed.
        }
    }

    private async Task ServeAsync(Socket socket)
    {
        using var _ = socket;
        using var over = CancellationTokenSource.CreateLinkedTokenSource(_stop.Token);
        socket.NoDelay = true;
        try
        {
            using var client = new NetworkStream(socket);
            await using var server = await _connect(over.Token).ConfigureAwait(false);
            var ways = new[] { CopyAsync(client, server, over.Token), CopyAsync(server, client, over.Token) };
            var first = await Task.WhenAny(ways).ConfigureAwait(false);
            await over.CancelAsync().ConfigureAwait(false);
            await Task.WhenAll(ways).ConfigureAwait(false);
            if (!await first.ConfigureAwait(false))
                ResetOnClose(socket);
        }
        catch (Exception e) when (e is SocketException or OperationCanceledException or ObjectDisposedException)
        {
            ResetOnClose(socket);
        }
    }

    private static void ResetOnClose(Socket socket) => socket.LingerState = new LingerOption(true, 0);

    /// <summary>Until one side ends; false if it broke.</summary>
    private static async Task<bool> CopyAsync(Stream from, Stream to, CancellationToken over)
    {
        var buffer = new byte[16 * 1024];
        try
        {
            while (await from.ReadAsync(buffer, over).ConfigureAwait(false) is > 0 and var count)
                await to.WriteAsync(buffer.AsMemory(0, count), over).ConfigureAwait(false);
            return true;
        }
        catch (Exception e) when (e is IOException or OperationCanceledException)
        {
            return false;
        }
    }
}
