using Quoll.Storage;

namespace Quoll.Tests.Storage;

/// <summary>
/// Servers on a disk that crashes: what a start brings back is the state at some zxid that is no older than any client was told of.
/// </summary>
public class ServerCrashTests
{
    [Theory]
    [InlineData(SnapshotCompression.None)]
    [InlineData(SnapshotCompression.Snappy)]
    public void What_was_promised_survives_every_crash(SnapshotCompression compression)
    {
        for (var seed = 0; seed < 25; seed++)
        {
            var random = new Random(seed);
            var disk = new MemoryDisk();
            for (var life = 0; life < 5; life++)
            {
                var options = new TxnLogOptions(4096 << random.Next(2), random.Next(2) * 20_000);
                using var server = new ServerOnDisk(disk, compression: compression, log: options);
                RunUntilFailure(disk, server, random);
                disk.Crash(random.Next());

                var recovered = RecoveredDirectory.From(disk);
                Assert.True(recovered.State.LastZxid >= server.Promised);
                Assert.Equal(server.States[recovered.State.LastZxid], recovered.Dump);
                Assert.Equal(0, recovered.State.DigestMismatches);
            }
        }
    }

    // Until a sync fails: of the log, of a snapshot, or of a directory.
    private static void RunUntilFailure(MemoryDisk disk, ServerOnDisk server, Random random)
    {
        disk.SyncsLeft = random.Next(2, 40);
        try
        {
            var clients = new RandomClients(server, random, largestData: 2000);
            while (true)
                DoSomething(disk, server, clients, random);
        }
        catch (IOException)
        {
        }
    }

    private static void DoSomething(MemoryDisk disk, ServerOnDisk server, RandomClients clients, Random random)
    {
        switch (random.Next(20))
        {
            case 0 when !server.IsSnapshotting:
                server.BeginSnapshot();
                break;
            case < 5:
                server.StepSnapshot();
                break;
            case 5:
                Retention.Purge(disk, LogFiles.Directory, LogFiles.Directory, 2);
                break;
            case < 10:
                server.Sync();
                break;
            default:
                clients.Send();
                break;
        }
    }
}
