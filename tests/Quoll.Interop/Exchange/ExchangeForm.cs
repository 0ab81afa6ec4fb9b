using System.Diagnostics;
using System.Globalization;
using System.Reflection;
using System.Text.RegularExpressions;
using Quoll.Interop.Servers;
using Xunit.Sdk;
using Xunit.v3;

namespace Quoll.Interop.Exchange;

/// <summary>What of a data directory the next server is given.</summary>
public enum ExchangeForm
{
    LogOnly,
    SnapshotOnly,
    GzipSnapshotOnly,
    SnappySnapshotOnly,
    SnapshotsAndLogs,
}

/// <summary>Every writer with every reader in every form; those that need no Quoll have the trait of Apache.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class EachExchangeAttribute : DataAttribute
{
    public override ValueTask<IReadOnlyCollection<ITheoryDataRow>> GetData(MethodInfo testMethod, DisposalTracker disposalTracker)
    {
        var kinds = Enum.GetValues<ServerKind>();
        var rows = from form in Enum.GetValues<ExchangeForm>() from writer in kinds from reader in kinds select Row(writer, reader, form);
        return new(rows.ToArray<ITheoryDataRow>());
    }

    public override bool SupportsDiscoveryEnumeration() => true;

    private static TheoryDataRow<ServerKind, ServerKind, ExchangeForm> Row(ServerKind writer, ServerKind reader, ExchangeForm form) =>
        new TheoryDataRow<ServerKind, ServerKind, ExchangeForm>(writer, reader, form)
            .WithTrait("server", writer == ServerKind.Quoll ? nameof(ServerKind.Quoll) : reader.ToString());
}

internal static partial class ExchangeForms
{
    public static bool HasLog(this ExchangeForm form) => form is ExchangeForm.LogOnly or ExchangeForm.SnapshotsAndLogs;

    public static bool HasSnapshot(this ExchangeForm form) => form is not ExchangeForm.LogOnly;

    public static string[] Settings(this ExchangeForm form)
    {
        string[] own = form switch
        {
            ExchangeForm.LogOnly => ["snapshot.trust.empty=true"],
            ExchangeForm.SnapshotOnly or ExchangeForm.SnapshotsAndLogs => ["snapCount=100"],
            ExchangeForm.GzipSnapshotOnly => ["snapCount=100", "snapshot.compression.method=gz"],
            ExchangeForm.SnappySnapshotOnly => ["snapCount=100", "snapshot.compression.method=snappy"],
            _ => throw new UnreachableException(),
        };

        // Sessions of up to forty seconds, so that those left open outlive the change of servers.
        return ["tickTime=2000", "preAllocSize=64", .. own];
    }

    /// <summary>
    /// Takes away from a stopped server's directory what the form does not have.
    /// The first snapshot from the mark on is complete and has everything.
    /// </summary>
    public static void Trim(this ExchangeForm form, string versionDirectory, long mark)
    {
        if (form is ExchangeForm.SnapshotsAndLogs)
            return;

        var files = Directory.GetFiles(versionDirectory).Select(path => FileName().Match(Path.GetFileName(path)))
            .Where(name => name.Success).ToList();
        var kept = form.HasSnapshot() ? files.Where(IsSnapshot).Where(name => ZxidOf(name) >= mark).MinBy(ZxidOf)! : null;
        if (kept is not null)
            Assert.Equal(Suffix(form), kept.Groups["suffix"].Value);

        foreach (var name in files.Where(name => name != kept && (IsSnapshot(name) || !form.HasLog())))
            File.Delete(Path.Combine(versionDirectory, name.Value));
    }

    private static string Suffix(ExchangeForm form) => form switch
    {
        ExchangeForm.GzipSnapshotOnly => ".gz",
        ExchangeForm.SnappySnapshotOnly => ".snappy",
        _ => string.Empty,
    };

    private static bool IsSnapshot(Match name) => name.Groups["kind"].Value == "snapshot";

    private static long ZxidOf(Match name) => long.Parse(name.Groups["zxid"].Value, NumberStyles.HexNumber, CultureInfo.InvariantCulture);

    [GeneratedRegex(@"^(?<kind>snapshot|log)\.(?<zxid>[0-9a-f]+)(?<suffix>\.gz|\.snappy)?$")]
    private static partial Regex FileName();
}
