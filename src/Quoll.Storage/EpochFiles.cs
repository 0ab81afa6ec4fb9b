using System.Buffers.Text;
using System.Globalization;
using System.Text;
using Quoll.Protocol;

namespace Quoll.Storage;

/// <summary>
/// The files <c>acceptedEpoch</c> and <c>currentEpoch</c> beside the snapshots, each a decimal number: what a server of an ensemble has
/// promised, and whose history it has.
/// </summary>
public sealed class EpochFiles(IDisk disk, string directory)
{
    private const string AcceptedName = "acceptedEpoch";
    private const string CurrentName = "currentEpoch";
    private const string TemporarySuffix = ".tmp";
    private const int LongestNumber = 20;

    /// <summary>
    /// Reads both. What is missing, and what a crash has left behind the history, is raised to the epoch of the last transaction: to
    /// have one of an epoch is to have all that its leader began with.
    /// </summary>
    /// <param name="last">The last transaction in the log or the snapshot.</param>
    /// <exception cref="StorageException">A file holds no number, or the two contradict each other.</exception>
    public (long Accepted, long Current) Read(Zxid last)
    {
        var names = disk.List(directory);
        var current = Math.Max(ReadNumber(names, CurrentName) ?? 0, last.Epoch);

        // Written, and not renamed any more.
        if (ReadUnfinished(names) is { } unfinished && unfinished == last.Epoch)
            current = Math.Max(current, unfinished);
        var accepted = ReadNumber(names, AcceptedName);
        if (accepted < current && accepted >= last.Epoch)
        {
            throw new StorageException(
                $"{Path.Combine(directory, AcceptedName)} says {accepted}, and {CurrentName} {current}: an epoch is promised before its "
                + "history is taken. One of the files is of another time: restore the directory from a copy, or empty it");
        }

        return (Math.Max(accepted ?? 0, current), current);
    }

    public void SaveAccepted(long epoch) => Save(AcceptedName, epoch);

    public void SaveCurrent(long epoch) => Save(CurrentName, epoch);

    // Under another name first: a crash leaves the old number or the new one.
    private void Save(string name, long epoch)
    {
        var path = Path.Combine(directory, name);
        using (var file = disk.Create(path + TemporarySuffix))
        {
            file.Write(0, Encoding.ASCII.GetBytes(epoch.ToString(CultureInfo.InvariantCulture)));
            file.Sync();
        }

        disk.Rename(path + TemporarySuffix, path);
        disk.SyncDirectory(directory);
    }

    private long? ReadNumber(IReadOnlyList<string> names, string name)
    {
        if (!names.Contains(name))
            return null;
        var path = Path.Combine(directory, name);
        return Parse(path) ?? throw new StorageException($"{path}: no number. Restore it from a copy, or from another server's directory");
    }

    private long? ReadUnfinished(IReadOnlyList<string> names) =>
        names.Contains(CurrentName + TemporarySuffix) ? Parse(Path.Combine(directory, CurrentName + TemporarySuffix)) : null;

    private long? Parse(string path)
    {
        using var file = disk.Open(path);
        Span<byte> text = stackalloc byte[LongestNumber + 1];
        text = text[..file.Read(0, text)].TrimEnd("\r\n "u8);
        return Utf8Parser.TryParse(text, out long number, out var used) && used == text.Length && number >= 0 ? number : null;
    }
}
