using System.CommandLine;
using System.Security.Cryptography;
using System.Text;
using Quoll.Protocol;
using Quoll.Protocol.Jute;
using Quoll.Protocol.Records;
using Quoll.Storage;

namespace Quoll.Cli.Shell;

/// <summary>Commands that look into the files of a data directory, Apache's and ours, without a server.</summary>
internal static class FileCommands
{
    public static IEnumerable<Command> All(ShellContext shell) => [Log(shell), Snapshot(shell)];

    private static Argument<FileInfo> File(string name) => new Argument<FileInfo>(name).AcceptExistingOnly();

    private static Command Log(ShellContext shell)
    {
        var file = File("file");
        var verify = new Option<bool>("--verify") { Description = "Only say whether it is whole." };
        var other = new Option<FileInfo>("--compare")
        {
            Description = "Tell what another log has not in common, of the time that both tell of; exit code 1 if they differ.",
        };
        var command = new Command(
            "log",
            "List the transactions of a log file.\nquoll log /var/lib/zookeeper/version-2/log.100000001\n"
            + "quoll log one/version-2/log.100000001 --compare two/version-2/log.100000001")
        {
            file, verify, other.AcceptExistingOnly(),
        };
        shell.SetAction(command, invocation =>
        {
            using var log = new LogFile(invocation.Get(file));
            if (invocation.Get(other) is { } second)
            {
                Compare(invocation, log, second);
                return Task.CompletedTask;
            }

            var (count, last, isListed) = (0, 0L, !invocation.Get(verify));
            while (log.MoveNext())
            {
                var txn = log.Current;
                (count, last) = (count + 1, txn.Zxid);
                if (isListed)
                    invocation.Show(() => txn.ToString(), json => Write(json, txn));
            }

            var followed = log.IsFollowed ? ", with whole ones behind it" : "";
            var end = $"the beginning of one that was never finished, at offset {log.Position}{followed}";
            if (isListed && log.IsTorn)
                invocation.Console.Note($"Then {end}.");
            if (!isListed)
            {
                invocation.Show(
                    () => $"{count} whole transactions, the last 0x{last:x}, {log.Position} bytes{(log.IsTorn ? $"; then {end}" : "")}",
                    json => json.Object(() =>
                    {
                        json.Writer.WriteNumber("transactions", count);
                        json.Writer.WriteNumber("last", last);
                        json.Writer.WriteBoolean("torn", log.IsTorn);
                    }));
            }

            return Task.CompletedTask;
        });
        return command;
    }

    private static Command Snapshot(ShellContext shell)
    {
        var file = File("file");
        var verify = new Option<bool>("--verify") { Description = "Only say whether it is whole." };
        var other = new Option<FileInfo>("--compare")
        {
            Description = "Tell what another snapshot has not in common; exit code 1 if they differ.",
        };
        var command = new Command("snapshot", "List the znodes of a snapshot file.\nquoll snapshot --verify data/version-2/snapshot.0")
        {
            file, verify, other.AcceptExistingOnly(),
        };
        shell.SetAction(command, invocation =>
        {
            if (invocation.Get(other) is { } second)
            {
                Compare(invocation, Digests(invocation.Get(file)), Digests(second));
                return Task.CompletedTask;
            }

            var isListed = !invocation.Get(verify);
            var listing = new SnapshotListing((path, data, _, stat) =>
            {
                if (isListed)
                {
                    invocation.Show(
                        () => $"{path} ({data.Length} bytes, version {stat.Version}, mzxid 0x{stat.Mzxid:x})",
                        json => Write(json, path, data, stat));
                }
            });
            Read(invocation.Get(file), listing);
            if (!isListed)
            {
                invocation.Show(
                    () => $"{listing.Znodes} znodes, {listing.Bytes} bytes of data, {listing.Sessions} sessions",
                    json => json.Object(() =>
                    {
                        json.Writer.WriteNumber("znodes", listing.Znodes);
                        json.Writer.WriteNumber("bytes", listing.Bytes);
                        json.Writer.WriteNumber("sessions", listing.Sessions);
                    }));
            }

            return Task.CompletedTask;
        });
        return command;
    }

    private static void Write(JsonAnswer json, TxnText txn) => json.Object(() =>
    {
        json.Writer.WriteNumber("zxid", txn.Zxid);
        json.Writer.WriteString("time", StatText.Utc(txn.Time));
        json.Writer.WriteString("session", $"0x{txn.Session:x}");
        json.Writer.WriteString("what", txn.What);
    });

    private static void Write(JsonAnswer json, string path, byte[] data, StatPersisted stat) => json.Object(() =>
    {
        json.Writer.WriteString("path", path);
        json.Data(data, ByteFormat.Text);
        json.Writer.WriteNumber("mzxid", stat.Mzxid);
        json.Writer.WriteNumber("version", stat.Version);
        json.Writer.WriteString("ephemeralOwner", $"0x{stat.EphemeralOwner:x}");
    });

    private static void Read(FileInfo file, ISnapshotHandler handler)
    {
        try
        {
            using var reader = new SnapshotReader(new FileDisk(), file.FullName, LogFile.MaxTxn);
            reader.ReadAll(handler);
        }
        catch (InvalidDataException e)
        {
            throw new ShellException(e.Message);
        }
    }

    // What a znode is, in sixteen bytes: a snapshot is larger than what can be kept of two.
    private static Dictionary<string, UInt128> Digests(FileInfo file)
    {
        var digests = new Dictionary<string, UInt128>();
        Read(file, new SnapshotListing((path, data, acl, stat) =>
        {
            using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
            hash.AppendData(data);
            hash.AppendData(acl);
            hash.AppendData(Encoding.UTF8.GetBytes($"{stat} {data.Length}"));
            digests[path] = BitConverter.ToUInt128(hash.GetHashAndReset());
        }));
        return digests;
    }

    private static void Compare(Invocation invocation, Dictionary<string, UInt128> left, Dictionary<string, UInt128> right)
    {
        foreach (var path in left.Keys.Union(right.Keys).Order(StringComparer.Ordinal))
        {
            var sign = !right.TryGetValue(path, out var two) ? '-' : !left.TryGetValue(path, out var one) ? '+' : one != two ? '~' : ' ';
            if (sign == ' ')
                continue;
            invocation.ExitCode = ExitCode.Refused;
            invocation.Show(() => $"{sign} {path}", json => json.Writer.WriteStringValue($"{sign} {path}"));
        }
    }

    private static void Compare(Invocation invocation, LogFile left, FileInfo other)
    {
        using var right = new LogFile(other);
        var count = LogDiff.Run(
            left, right,
            (sign, txn) => invocation.Show(() => $"{sign} {txn}", json => json.Writer.WriteStringValue($"{sign} {txn}")),
            invocation.Console.Note);
        if (count > 0)
            invocation.ExitCode = ExitCode.Refused;
    }

    private delegate void Znode(string path, byte[] data, byte[] acl, StatPersisted stat);

    private sealed class SnapshotListing(Znode tell) : ISnapshotHandler
    {
        // Each file has numbers of its own for them.
        private readonly Dictionary<long, byte[]> _acls = [];

        public long Znodes { get; private set; }

        public long Bytes { get; private set; }

        public long Sessions { get; private set; }

        public void OnSession(long sessionId, int timeout) => Sessions++;

        public void OnAcl(long key, JuteVector<Acl> acl) => _acls[key] = acl.Encoded.ToArray();

        public void OnZnode(JuteBytes path, JuteBytes data, long aclKey, in StatPersisted stat)
        {
            (Znodes, Bytes) = (Znodes + 1, Bytes + data.Length);
            tell(path.Length == 0 ? "/" : path.ToString(), data.Span.ToArray(), _acls.GetValueOrDefault(aclKey, []), stat);
        }

        public void OnDigest(Zxid zxid, int version, long digest)
        {
        }
    }
}
