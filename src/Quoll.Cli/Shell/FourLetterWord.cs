using System.Globalization;
using System.Net.Sockets;
using System.Text;

namespace Quoll.Cli.Shell;

/// <summary>Asks a server a four-letter word.</summary>
internal static class FourLetterWord
{
    private const int Most = 16 << 20;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);

    /// <summary>What it says; null if it does not answer within two seconds.</summary>
    /// <param name="server">Which one, as host:port.</param>
    /// <param name="word">The word.</param>
    /// <param name="stop">Ends the waiting.</param>
    public static async Task<string?> AskAsync(string server, string word, CancellationToken stop)
    {
        var colon = server.LastIndexOf(':');
        var (host, port) = (server[..colon].Trim('[', ']'), int.Parse(server[(colon + 1)..], CultureInfo.InvariantCulture));
        using var end = CancellationTokenSource.CreateLinkedTokenSource(stop);
        end.CancelAfter(Patience);
        try
        {
            using var connection = new TcpClient();
            await connection.ConnectAsync(host, port, end.Token);
            var stream = connection.GetStream();
            await stream.WriteAsync(Encoding.ASCII.GetBytes(word), end.Token);
            var (answer, buffer) = (new MemoryStream(), new byte[4096]);
            while (answer.Length < Most && await stream.ReadAsync(buffer, end.Token) is > 0 and var count)
                answer.Write(buffer, 0, count);
            return Encoding.UTF8.GetString(answer.ToArray());
        }
        catch (Exception e) when (e is SocketException or IOException || (e is OperationCanceledException && !stop.IsCancellationRequested))
        {
            return null;
        }
    }
}
