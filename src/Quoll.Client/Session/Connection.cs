using System.Buffers;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;

namespace Quoll.Client.Session;

/// <summary>One connection to a server: made, read and written here, and given up once.</summary>
#pragma warning disable CA1001 // A token source without a timer holds nothing that must be given back.
internal sealed class Connection
#pragma warning restore CA1001
{
    private const int FirstBuffer = 16 * 1024;
    private const int MostInTurn = 1 << 20;
    private readonly SessionHost _host;
    private readonly ServerAddress _server;
    private readonly CancellationTokenSource _ended = new();
    private Stream? _stream;

    public Connection(SessionHost host, int number, ServerAddress server)
    {
        (_host, Number, _server) = (host, number, server);
        Opening = new Errand(RunAsync);
        Sending = new Errand(SendAsync);
    }

    public int Number { get; }

    /// <summary>Somebody sends what there is to send; under the client's lock.</summary>
    public bool IsSending { get; set; }

    /// <summary>An empty buffer for what is to be sent next; it belongs to who sends.</summary>
    public ArrayBufferWriter<byte>? Spare { get; set; }

    public IThreadPoolWorkItem Opening { get; }

    public IThreadPoolWorkItem Sending { get; }

    /// <summary>Gives it up. Whatever is under way on it ends with an error, which nobody needs.</summary>
    public void Abort()
    {
        _ended.Cancel();
        Volatile.Read(ref _stream)?.Dispose();
    }

    /// <summary>A stream of bytes to a server, by the options' own way or by TCP.</summary>
    public static async ValueTask<Stream> DialAsync(ZooKeeperClientOptions options, ServerAddress server, CancellationToken cancellation)
    {
        var dial = options.Connect ?? DialTcpAsync;
        var stream = await dial(server.Host, server.Port, cancellation).ConfigureAwait(false);
        if (options.Tls is not { } tls)
            return stream;
        var settings = tls();
        settings.TargetHost ??= server.Host;
        var secured = new SslStream(stream, leaveInnerStreamOpen: false);
        try
        {
            await secured.AuthenticateAsClientAsync(settings, cancellation).ConfigureAwait(false);
            return secured;
        }
        catch
        {
            await secured.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    private static async ValueTask<Stream> DialTcpAsync(string host, int port, CancellationToken cancellation)
    {
        // One name may be many servers; all of a program's clients should not choose the same.
        var addresses = await Dns.GetHostAddressesAsync(host, cancellation).ConfigureAwait(false);
        Random.Shared.Shuffle(addresses);
        for (var i = 0; ; i++)
        {
            if (i == addresses.Length)
                throw new SocketException((int)SocketError.HostNotFound);
            var socket = new Socket(addresses[i].AddressFamily, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
            try
            {
                await socket.ConnectAsync(new IPEndPoint(addresses[i], port), cancellation).ConfigureAwait(false);
                return new NetworkStream(socket, ownsSocket: true);
            }
            catch (SocketException) when (i < addresses.Length - 1)
            {
                socket.Dispose();
            }
            catch
            {
                socket.Dispose();
                throw;
            }
        }
    }

    /// <summary>What a connection may end with; anything else is a mistake of ours, and is not caught.</summary>
    private static bool IsExpected(Exception e) =>
        e is IOException or SocketException or ObjectDisposedException or OperationCanceledException;

    private async Task RunAsync()
    {
        if (await TryDialAsync().ConfigureAwait(false) is not { } stream)
            return;
        try
        {
            Volatile.Write(ref _stream, stream);
            if (_ended.IsCancellationRequested)
            {
                await stream.DisposeAsync().ConfigureAwait(false);
                return;
            }

            _host.OnOpened(this);
            await ReceiveAsync(stream).ConfigureAwait(false);
        }
        catch (Exception e) when (IsExpected(e))
        {
            _host.OnClosed(this, e.Message);
        }
    }

    private async ValueTask<Stream?> TryDialAsync()
    {
        try
        {
            return await DialAsync(_host.Options, _server, _ended.Token).ConfigureAwait(false);
        }
#pragma warning disable CA1031 // Names, sockets, certificates, and ways of the user's own: whatever goes wrong, the next server is tried.
        catch (Exception e)
#pragma warning restore CA1031
        {
            _host.OnClosed(this, e.Message);
            return null;
        }
    }

    private async Task ReceiveAsync(Stream stream)
    {
        var buffer = new byte[FirstBuffer];
        var held = 0;
        var inTurn = 0;
        while (true)
        {
            var count = await stream.ReadAsync(buffer.AsMemory(held), _ended.Token).ConfigureAwait(false);
            if (count == 0)
            {
                _host.OnClosed(this, "it closed the connection");
                return;
            }

            held += count;
            var taken = _host.OnReceived(this, buffer.AsSpan(0, held));
            if (taken < 0)
            {
                _host.OnClosed(this, $"it sent what is no answer, or one of more than {_host.Options.MaxResponse} bytes");
                return;
            }

            held -= taken;
            if (taken > 0)
                buffer.AsSpan(taken, held).CopyTo(buffer);
            // It grows with what has come, not with what a server says will come; and is not kept when that is over.
            if (held == buffer.Length)
                Array.Resize(ref buffer, buffer.Length * 2);
            else if (held == 0 && buffer.Length > FirstBuffer * 16)
                buffer = new byte[FirstBuffer];
            if (_host.UntilRoomAsync() is { IsCompleted: false } room)
                await room.WaitAsync(_ended.Token).ConfigureAwait(false);

            // As long as there is something to read, this never waits: a few connections would keep all threads, and others starve.
            inTurn += count;
            if (inTurn < MostInTurn)
                continue;
            inTurn = 0;
            await _host.YieldAsync().ConfigureAwait(false);
        }
    }

    private async Task SendAsync()
    {
        try
        {
            while (_host.TakeOutput(this) is { } output)
            {
                await _stream!.WriteAsync(output.WrittenMemory, _ended.Token).ConfigureAwait(false);
                output.ResetWrittenCount();
                Spare = output;
            }
        }
        catch (Exception e) when (IsExpected(e))
        {
            _host.OnClosed(this, e.Message);
        }
    }

    /// <summary>Something to do that is begun on a thread that belongs to nobody. What goes wrong unexpectedly is not lost.</summary>
    private sealed class Errand(Func<Task> run) : IThreadPoolWorkItem
    {
        public async void Execute() => await run().ConfigureAwait(false);
    }
}

/// <summary>Asks a server whether it has a quorum (<c>isro</c>), while the client is with one that has none.</summary>
internal sealed class ReadWriteProbe(SessionHost host, ServerAddress server) : IThreadPoolWorkItem
{
    public async void Execute()
    {
        using var patience = new CancellationTokenSource(host.Options.ConnectTimeout, host.Options.TimeProvider);
        try
        {
            var stream = await Connection.DialAsync(host.Options, server, patience.Token).ConfigureAwait(false);
            await using var _ = stream.ConfigureAwait(false);
            await stream.WriteAsync("isro"u8.ToArray(), patience.Token).ConfigureAwait(false);
            var answer = new byte[2];
            if (await stream.ReadAtLeastAsync(answer, 2, throwOnEndOfStream: false, patience.Token).ConfigureAwait(false) == 2
                && answer.AsSpan().SequenceEqual("rw"u8))
            {
                host.OnReadWriteServer(server);
            }
        }
#pragma warning disable CA1031 // As when a connection is made: the next candidate is asked in its time.
        catch (Exception)
#pragma warning restore CA1031
        {
            return;
        }
    }
}
