using System.Buffers;
using System.Buffers.Binary;
using System.IO.Pipelines;
using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;

namespace Quoll.Server.Peers;

/// <summary>
/// A connection between the election ports of two servers, once both know whose it is. Each message has its length before it. Of what is
/// to be said only the newest matters: a message that waits is replaced by the next.
/// </summary>
internal sealed class ElectionConnection(long server, ConnectionContext context)
{
    private const int LongestMessage = 512 * 1024;
    private readonly Lock _gate = new();
    private byte[]? _next;
    private bool _sending;

    public long Server => server;

    /// <summary>Where it leads to, for the log.</summary>
    public string Remote => context.RemoteEndPoint?.ToString() ?? "";

    /// <summary>Reads until the connection ends, and returns what was wrong with it; null for nothing.</summary>
    /// <param name="take">Called with each message; the next is read when it is done.</param>
    public async Task<string?> RunAsync(Func<byte[], Task> take)
    {
        var input = context.Transport.Input;
        try
        {
            while (true)
            {
                var result = await input.ReadAsync();
                var rest = result.Buffer;
                while (TryTake(ref rest, out var message))
                    await take(message);
                input.AdvanceTo(rest.Start, rest.End);
                if (result.IsCompleted || result.IsCanceled)
                    return null;
            }
        }
        catch (InvalidDataException e)
        {
            return e.Message;
        }
        catch (Exception e) when (e is OperationCanceledException or IOException or SocketException)
        {
            return null;
        }
    }

    public void Send(byte[] message)
    {
        lock (_gate)
        {
            _next = message;
            if (_sending)
                return;
            _sending = true;
        }

        _ = SendAllAsync();
    }

    public void Abort()
    {
        context.Abort();
        context.Transport.Input.CancelPendingRead();
    }

    private static bool TryTake(ref ReadOnlySequence<byte> rest, out byte[] message)
    {
        message = [];
        var reader = new SequenceReader<byte>(rest);
        if (!reader.TryReadBigEndian(out int length))
            return false;
        if (length is <= 0 or > LongestMessage)
            throw new InvalidDataException($"a message of {length} bytes");
        if (reader.Remaining < length)
            return false;
        message = rest.Slice(4, length).ToArray();
        rest = rest.Slice(4 + length);
        return true;
    }

    private async Task SendAllAsync()
    {
        var output = context.Transport.Output;
        while (TryNext() is { } message)
        {
            try
            {
                Write(output, message);
                if ((await output.FlushAsync()).IsCompleted)
                    return;
            }
            catch (Exception e) when (e is OperationCanceledException or IOException or SocketException or InvalidOperationException)
            {
                return;   // reading ends as well, and tells
            }
        }
    }

    private byte[]? TryNext()
    {
        lock (_gate)
        {
            var next = _next;
            _next = null;
            _sending = next is not null;
            return next;
        }
    }

    private static void Write(PipeWriter output, byte[] message)
    {
        BinaryPrimitives.WriteInt32BigEndian(output.GetSpan(4), message.Length);
        output.Advance(4);
        output.Write(message);
    }
}
