namespace Quoll.Cli.Shell;

/// <summary>The lines that were typed, also before; so many are kept in a file that only its owner can read.</summary>
/// <param name="file">Where they are kept; null for nowhere.</param>
internal sealed class History(string? file)
{
    private const int Most = 1000;
    private readonly List<string> _lines = file is not null && File.Exists(file) ? [.. File.ReadLines(file).TakeLast(Most)] : [];

    public int Count => _lines.Count;

    /// <summary>The line with this number; null if there is none.</summary>
    public string? this[int number] => number >= 0 && number < _lines.Count ? _lines[number] : null;

    /// <summary>Below the state directory of the user.</summary>
    public static History OfUser()
    {
        var home = Environment.GetFolderPath(Environment.SpecialFolder.LocalApplicationData, Environment.SpecialFolderOption.DoNotVerify);
        return new History(home.Length == 0 ? null : Path.Combine(home, "quoll", "history"));
    }

    /// <summary>Keeps a line for as long as this runs.</summary>
    public void Remember(string line) => _lines.Add(line);

    /// <summary>Keeps a line, also for the next time. One that has a secret in it only until the end.</summary>
    public void Add(string line)
    {
        _lines.Add(line);
        if (file is null || line.Contains("addauth", StringComparison.Ordinal) || line.Contains("--auth", StringComparison.Ordinal))
            return;
        try
        {
            Directory.CreateDirectory(Path.GetDirectoryName(file)!);
            if (!File.Exists(file) && !OperatingSystem.IsWindows())
                File.Create(file, 1, FileOptions.None).Dispose();
            if (!OperatingSystem.IsWindows())
                File.SetUnixFileMode(file, UnixFileMode.UserRead | UnixFileMode.UserWrite);
            File.AppendAllLines(file, [line]);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // A prompt without a memory is a prompt.
            file = null;
        }
    }

    public IEnumerable<(int Number, string Line)> Last(int count)
    {
        for (var number = Math.Max(0, _lines.Count - count); number < _lines.Count; number++)
            yield return (number, _lines[number]);
    }
}
