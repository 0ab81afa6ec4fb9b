using System.Net;
using System.Net.Sockets;
using System.Text;
using Quoll.Client;
using Quoll.Recipes;

namespace Quoll.Samples.MailCollectors;

/// <summary>A worker's connection to the archive. Deliveries need not wait for the answers to those before.</summary>
internal sealed class ArchiveClient : IDisposable
{
    private readonly TcpClient _connection;
    private readonly StreamWriter _deliveries;
    private readonly Lock _gate = new();

    // At most one for each partition: whoever brings something waits for the answer.
    private readonly Queue<TaskCompletionSource<bool>> _awaited = [];
    private IOException? _end;

    private ArchiveClient(TcpClient connection)
    {
        _connection = connection;
        _deliveries = new StreamWriter(connection.GetStream()) { AutoFlush = true };
        _ = ReadAsync();
    }

    /// <summary>Connects to the archive, as soon as there is one.</summary>
    public static async Task<ArchiveClient> ConnectAsync(ZooKeeperClient client, string worker, CancellationToken stop)
    {
        await using var address = new ZnodeCache(client, Archive.AddressPath);
        await foreach (var znode in address.ObserveAsync(stop))
        {
            if (znode is not { } found)
                continue;
            var connection = new TcpClient { NoDelay = true };
            await connection.ConnectAsync(IPEndPoint.Parse(Encoding.UTF8.GetString(found.Data)), stop);
            var archive = new ArchiveClient(connection);
            await archive._deliveries.WriteLineAsync(worker);
            return archive;
        }

        throw new OperationCanceledException(stop);
    }

    /// <summary>Brings it something.</summary>
    /// <returns>False if it refused: it has seen a larger token.</returns>
    public Task<bool> PutAsync(Delivery delivery)
    {
        var answer = new TaskCompletionSource<bool>(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (_gate)
        {
            if (_end is { } end)
                throw end;
            _awaited.Enqueue(answer);
            _deliveries.WriteLine(delivery.Write());
        }

        return answer.Task;
    }

    public void Dispose() => _connection.Dispose();

    // Answers come in the order of what was brought.
    private async Task ReadAsync()
    {
        var answers = new StreamReader(_connection.GetStream());
        var end = new IOException("The archive has closed the connection.");
        try
        {
            while (await answers.ReadLineAsync() is { } line)
            {
                lock (_gate)
                    _awaited.Dequeue().SetResult(line == Archive.Accepted);
            }
        }
        catch (IOException e)
        {
            end = e;
        }

        lock (_gate)
        {
            _end = end;
            while (_awaited.TryDequeue(out var answer))
                answer.SetException(end);
        }
    }
}
