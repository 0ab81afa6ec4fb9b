namespace Quoll.Cli.Shell;

/// <summary>The lines that were typed, also before: the last thousand or two, kept in a file that only its owner can read.</summary>
internal sealed class History
{
    private const int Least = 1000;
    private const int Most = 2 * Least;
    private readonly List<string> _lines = [];
    private string? _file;
    private int _forgotten;

    /// <param name="file">Where they are kept; null for nowhere. One that cannot be read or written is done without.</param>
    public History(string? file)
    {
        _file = file;
        Try(Load);
    }

    /// <summary>How many there have been: the next one's number.</summary>
    public int Count => _forgotten + _lines.Count;

    /// <summary>The line with this number, from 0 on; null if there is none, or it is forgotten.</summary>
    public string? this[int number] => number >= _forgotten && number < Count ? _lines[number - _forgotten] : null;

    /// <summary>Below the state directory of the user.</summary>
    public static History OfUser()
    {
        var home = Environment.GetFolderPath(Environment.SpecialFolder.LocalApplicationData, Environment.SpecialFolderOption.DoNotVerify);
        return new History(home.Length == 0 ? null : Path.Combine(home, "quoll", "history"));
    }

    /// <summary>Keeps a line for as long as this runs.</summary>
    public void Remember(string line)
    {
        _lines.Add(line);
        if (_lines.Count <= Most)
            return;
        _lines.RemoveRange(0, Least);
        _forgotten += Least;
    }

    /// <summary>Keeps a line, also for the next time. One that has a secret in it only until the end.</summary>
    public void Add(string line)
    {
        Remember(line);
        if (!line.Contains("addauth", StringComparison.Ordinal) && !line.Contains("--auth", StringComparison.Ordinal))
            Try(file => Append(file, [line]));
    }

    public IEnumerable<(int Number, string Line)> Last(int count)
    {
        for (var number = Math.Max(_forgotten, Count - count); number < Count; number++)
            yield return (number, this[number]!);
    }

    private void Load(string file)
    {
        if (!File.Exists(file))
            return;
        var lines = File.ReadAllLines(file);
        _lines.AddRange(lines.TakeLast(Least));
        if (lines.Length <= Most)
            return;
        var shorter = $"{file}.new";
        File.Delete(shorter);
        Append(shorter, _lines);
        File.Move(shorter, file, overwrite: true);
    }

    private static void Append(string file, IEnumerable<string> lines)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(file)!);
        if (!OperatingSystem.IsWindows())
        {
            File.Open(file, FileMode.Append).Dispose();
            File.SetUnixFileMode(file, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        }

        File.AppendAllLines(file, lines);
    }

    // A prompt without a memory is a prompt.
    private void Try(Action<string> use)
    {
        try
        {
            if (_file is not null)
                use(_file);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            _file = null;
        }
    }
}
