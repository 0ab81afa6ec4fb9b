using System.Buffers.Binary;
using Quoll.Cli.Shell;
using Quoll.Protocol;
using Quoll.Storage;
using Quoll.Tests.Storage;

namespace Quoll.Tests.Cli;

public sealed class LogDiffTests : IDisposable
{
    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("quoll-logs-");

    public void Dispose() => _directory.Delete(recursive: true);

    [Fact]
    public void Logs_are_compared_from_the_first_to_the_last_transaction_that_both_tell_of()
    {
        var left = Write("left", [Txns.Delete(2, "/a"), Txns.Delete(3, "/b"), Txns.Delete(5, "/c"), Txns.SetData(6, "/d", "one", 7)]);
        var right = Write("right", [Txns.Delete(3, "/b"), Txns.Delete(4, "/x"), Txns.SetData(6, "/d", "two!", 7), Txns.Delete(7, "/e")]);
        string[] told =
        [
            "+ 0x4 delete /x", "- 0x5 delete /c", "- 0x6 set /d (3 bytes, version 7)", "+ 0x6 set /d (4 bytes, version 7)",
            "4 transactions were compared, 0x3 to 0x6; 3 differ.",
        ];
        Assert.Equal(told, Compare(left, right));
        Assert.Equal(["4 transactions were compared, 0x2 to 0x6; 0 differ."], Compare(left, left));
    }

    [Fact]
    public void What_differs_in_what_no_line_tells_is_told_too_and_digests_only_where_both_have_them()
    {
        byte[] digest = [0, 0, 0, 2, 1, 2, 3, 4, 5, 6, 7, 8];
        byte[] other = [0, 0, 0, 2, 1, 2, 3, 4, 5, 6, 7, 9];
        byte[][] plain = [Txns.Delete(1, "/a"), Txns.SetData(2, "/b", "one", 1), Txns.Create(3, "/c", 1)];
        var left = Write("left", [[.. plain[0], .. digest], [.. plain[1], .. digest], [.. plain[2], .. digest]]);
        var without = Write("without", plain);
        var right = Write("right", [[.. plain[0], .. digest], [.. Txns.SetData(2, "/b", "two", 1), .. digest], [.. plain[2], .. other]]);
        Assert.Equal(["3 transactions were compared, 0x1 to 0x3; 0 differ."], Compare(left, without));
        string[] told =
        [
            "~ 0x2 set /b (3 bytes, version 1)", "~ 0x3 create /c (4 bytes)", "3 transactions were compared, 0x1 to 0x3; 2 differ.",
        ];
        Assert.Equal(told, Compare(left, right));
    }

    [Fact]
    public void Logs_of_different_times_and_empty_ones_are_refused()
    {
        var early = Write("early", [Txns.Delete(1, "/a")]);
        var late = Write("late", [Txns.Delete(2, "/a")]);
        var refusal = Assert.Throws<ShellException>(() => Compare(early, late));
        Assert.Equal($"One of {early} and {late} ends before the other begins, with 0x2.", refusal.Message);
        var empty = Path.Combine(_directory.FullName, "empty");
        File.WriteAllBytes(empty, File.ReadAllBytes(early.FullName)[..16]);
        refusal = Assert.Throws<ShellException>(() => Compare(early, new FileInfo(empty)));
        Assert.Equal($"There is no transaction in {empty}.", refusal.Message);
    }

    [Fact]
    public void A_create_of_a_server_before_3_5_is_read()
    {
        using var log = new LogFile(Write("old", [Txns.CreateV0(1, "/old")]));
        Assert.True(log.MoveNext());
        Assert.Equal("create /old (3 bytes)", log.Current.What);
    }

    private static List<string> Compare(FileInfo left, FileInfo right)
    {
        using var one = new LogFile(left);
        using var two = new LogFile(right);
        var told = new List<string>();
        LogDiff.Run(one, two, (sign, txn) => told.Add($"{sign} 0x{txn.Zxid:x} {txn.What}"), told.Add);
        return told;
    }

    private FileInfo Write(string name, byte[][] txns)
    {
        var directory = _directory.CreateSubdirectory(name).FullName;
        using (var log = new TxnLog(new FileDisk(), directory, LogFiles.Unpadded))
        {
            foreach (var txn in txns)
                log.Append(new Zxid(BinaryPrimitives.ReadInt64BigEndian(txn.AsSpan(12))), txn);
            log.Sync();
        }

        return new FileInfo(Directory.GetFiles(directory).Single());
    }
}
