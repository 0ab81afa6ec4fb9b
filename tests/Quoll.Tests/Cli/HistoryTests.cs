using Quoll.Cli.Shell;

namespace Quoll.Tests.Cli;

public sealed class HistoryTests : IDisposable
{
    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("quoll-history-");

    private string File => Path.Combine(_directory.FullName, "history");

    public void Dispose() => _directory.Delete(recursive: true);

    [Fact]
    public void Lines_are_there_the_next_time_but_for_secrets()
    {
        var history = new History(File);
        history.Add("ls /");
        history.Add("addauth digest user:secret");
        history.Remember("get /");
        Assert.Equal("get /", history[2]);
        Assert.Equal([(0, "ls /")], new History(File).Last(10));
    }

    [Fact]
    public void Of_many_lines_the_last_are_kept_under_their_numbers_and_the_file_is_made_shorter()
    {
        var history = new History(File);
        for (var number = 0; number < 2500; number++)
            history.Add($"get /{number}");
        Assert.Equal((2500, null, "get /2499"), (history.Count, history[999], history[2499]));
        Assert.Equal([(2498, "get /2498"), (2499, "get /2499")], history.Last(2));
        Assert.Equal(2500, System.IO.File.ReadAllLines(File).Length);

        history = new History(File);
        Assert.Equal((1000, "get /1500", "get /2499"), (history.Count, history[0], history[999]));
        Assert.Equal(1000, System.IO.File.ReadAllLines(File).Length);
        if (!OperatingSystem.IsWindows())
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, System.IO.File.GetUnixFileMode(File));
    }

    [Fact]
    public void A_file_that_cannot_be_used_is_done_without()
    {
        Directory.CreateDirectory(Path.Combine(File, "in the way"));
        var history = new History(File);
        history.Add("ls /");
        Assert.Equal([(0, "ls /")], history.Last(10));
    }
}
