using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Quoll.Interop.Servers;

/// <summary>The two questions that show whether a server is serving, asked over a plain socket.</summary>
internal static class Handshake
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    // Short: Apache 3.8 never answers on a connection that came a moment too early; the next one fares better.
    private static readonly TimeSpan ProbePatience = TimeSpan.FromMilliseconds(500);

    /// <summary>Asks to resume a session that nobody has. A serving server refuses it at once, and logs nothing.</summary>
    public static async Task<bool> IsAnsweredAsync(IPEndPoint at)
    {
        using var patience = new CancellationTokenSource(ProbePatience);
        try
        {
            using var client = new TcpClient();
            await client.ConnectAsync(at, patience.Token);
            var stream = client.GetStream();
            await stream.WriteAsync(ResumeUnknownSession(), patience.Token);
            var answer = new byte[4 + 37];
            await stream.ReadExactlyAsync(answer, patience.Token);
            return answer[3] == 37;
        }
        catch (Exception failure) when (failure is SocketException or IOException or OperationCanceledException)
        {
            return false;
        }
    }

    /// <summary>Sends a four-letter word and returns all that comes back.</summary>
    public static async Task<string> AskAsync(IPEndPoint at, string word)
    {
        using var patience = new CancellationTokenSource(Patience);
        using var client = new TcpClient();
        await client.ConnectAsync(at, patience.Token);
        await client.GetStream().WriteAsync(Encoding.ASCII.GetBytes(word), patience.Token);
        using var reader = new StreamReader(client.GetStream());
        return await reader.ReadToEndAsync(patience.Token);
    }

    private static byte[] ResumeUnknownSession()
    {
        // length 45 · version int · last zxid long · timeout int · session id long · password buffer of 16 · read-only byte
        var frame = new byte[4 + 45];
        frame[3] = 45;
        frame[4 + 4 + 8 + 2] = 0x27;
        frame[4 + 4 + 8 + 4 + 7] = 1;
        frame[4 + 4 + 8 + 4 + 8 + 3] = 16;
        return frame;
    }
}
