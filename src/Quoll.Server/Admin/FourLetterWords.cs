using System.Buffers;
using System.Buffers.Binary;
using System.Globalization;
using System.Text;
using Quoll.Core;
using Quoll.Server.Config;

namespace Quoll.Server.Admin;

/// <summary>The commands that an operator sends as four letters on the client port, answered as Apache's server does.</summary>
internal sealed class FourLetterWords(ServerConfig config, ServerCounters counters, DataDirectory directory, Func<int> port)
{
    private const uint TelnetClose = 0xfff4fffd;
    private const long DefaultTraceMask = 306;

    private static readonly HashSet<string> Names =
    [
        "conf", "cons", "crst", "dirs", "dump", "envi", "gtmk", "ruok", "stmk", "srst", "srvr", "stat", "wchc", "wchp", "wchs",
        "mntr", "isro", "hash",
    ];

    private long _traceMask = DefaultTraceMask;

    public ServerCounters Counters { get; } = counters;

    /// <summary>The word for the first four bytes of a connection; null if they are none.</summary>
    public static string? NameOf(int code)
    {
        if ((uint)code == TelnetClose)
            return "telnet close";
        Span<byte> bytes = stackalloc byte[4];
        BinaryPrimitives.WriteInt32BigEndian(bytes, code);
        var name = Encoding.Latin1.GetString(bytes);
        return Names.Contains(name) ? name : null;
    }

    public async Task<ReadOnlyMemory<byte>> AnswerAsync(string word, ReadOnlySequence<byte> rest, PeerLoop loop)
    {
        if (!config.Commands.Allowed.Contains(word))
            return Encoding.UTF8.GetBytes($"{word} is not executed because it is not in the whitelist.\n");
        if (word == "stmk")
            return Encoding.UTF8.GetBytes(SetTraceMask(rest));
        var text = await loop.AskAsync(peer => Answer(word, peer));
        return Encoding.UTF8.GetBytes(text);
    }

    private string Answer(string word, QuorumPeer peer)
    {
        var about = peer.Introspection;
        if (!about.Serves && NeedsService(word))
            return word == "isro" ? "null" : "This ZooKeeper instance is not currently serving requests\n";
        switch (word)
        {
            case "ruok":
                return "imok";
            case "isro":
                return about.IsReadOnly ? "ro" : "rw";
            case "gtmk":
                return _traceMask.ToString(CultureInfo.InvariantCulture);
            case "crst":
                foreach (var client in about.Clients)
                    client.Stats.Reset();
                return "Connection stats reset.\n";
            case "srst":
                about.ResetStats();
                return "Server stats reset.\n";
            case "conf":
                return ConfCommand.Render(
                    config, port(), new DirectorySizes(DataDirectory.SizeOf(directory.Snapshots), DataDirectory.SizeOf(directory.Logs)));
            case "dirs":
                return $"datadir_size: {DataDirectory.SizeOf(directory.Snapshots)}\nlogdir_size: {DataDirectory.SizeOf(directory.Logs)}\n";
            case "envi":
                return Environments.Render();
            case "mntr":
                return MonitorReport.Render(about, Counters, config.Quorum);
            case "srvr" or "stat":
                return StatusReport.Server(about, withClients: word == "stat");
            case "cons":
                return StatusReport.Connections(about);
            case "dump":
                return StatusReport.Sessions(about, config.Quorum.HasLocalSessions);
            case "wchs":
                return WatchReport.Summary(about);
            case "wchc":
                return WatchReport.ByConnection(about);
            case "wchp":
                return WatchReport.ByPath(about);
            case "hash":
                return string.Concat(about.DigestHistory.Select(entry => $"{entry.Zxid.Value:x}: {(long)entry.Digest}\n"));
            default:
                throw new InvalidOperationException($"{word} has no answer");
        }
    }

    private static bool NeedsService(string word) => word is not ("ruok" or "gtmk" or "envi");

    private string SetTraceMask(ReadOnlySequence<byte> rest)
    {
        if (rest.Length < 8)
            return "";
        Span<byte> mask = stackalloc byte[8];
        rest.Slice(0, 8).CopyTo(mask);
        _traceMask = BinaryPrimitives.ReadInt64BigEndian(mask);
        return _traceMask.ToString(CultureInfo.InvariantCulture);
    }
}
