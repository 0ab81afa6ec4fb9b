namespace Quoll.Cli.Shell;

/// <summary>Where results, errors and questions go. What comes while a line is being typed stands above that line.</summary>
/// <param name="output">For results.</param>
/// <param name="errors">For errors.</param>
/// <param name="input">Answers, and lines of scripts.</param>
/// <param name="isTerminal">Whether a person reads and types.</param>
internal sealed class ShellConsole(TextWriter output, TextWriter errors, TextReader input, bool isTerminal)
{
    private const int ProgressEach = 1000;
    private readonly Lock _gate = new();
    private bool _hasProgress;

    /// <summary>The line that is being typed, if one is: hidden while something is written above it.</summary>
    public LineEditor? Editor { get; set; }

    /// <summary>A person reads and types: colours, questions and progress make sense.</summary>
    public bool IsTerminal => isTerminal;

    public bool CanAsk => isTerminal;

    public TextReader Input => input;

    /// <summary>This process's own.</summary>
    public static ShellConsole OfProcess() => new(
        Console.IsOutputRedirected ? new StreamWriter(Console.OpenStandardOutput(), bufferSize: 1 << 16) : Console.Out,
        Console.Error,
        // The console's own reader blocks its caller also where it is awaited.
        Console.IsInputRedirected ? new StreamReader(Console.OpenStandardInput()) : Console.In,
        !Console.IsInputRedirected && !Console.IsOutputRedirected);

    /// <summary>A line of a result. To what is no terminal it comes with others, at the latest when the command ends.</summary>
    public void Line(string text) => Write(output, text, null, isTerminal);

    public void Error(string text)
    {
        // Both may go to the same place.
        Flush();
        Write(errors, text, isTerminal ? "\e[31m" : null, flush: true);
    }

    /// <summary>Something that is no result, and no error.</summary>
    public void Note(string text) => Write(errors, text, null, flush: true);

    public void Flush()
    {
        lock (_gate)
            output.Flush();
    }

    /// <summary>Something that happens by itself, beside what is asked for.</summary>
    public void Event(string text) => Write(output, text, isTerminal ? "\e[36m" : null, flush: true);

    /// <summary>Draws on the terminal as it is told.</summary>
    public void Draw(string text)
    {
        lock (_gate)
        {
            output.Write(text);
            output.Flush();
        }
    }

    /// <summary>How far long work is; written over by the next and by all else, and gone at its end, which is null.</summary>
    public void Progress(string? text)
    {
        if (!isTerminal)
            return;
        lock (_gate)
        {
            if (text is not null || _hasProgress)
                errors.Write($"\r\e[K{text}");
            errors.Flush();
            _hasProgress = text is not null;
        }
    }

    /// <summary>The same for what is counted.</summary>
    public void Progress(long count, string what)
    {
        if (count % ProgressEach == 0)
            Progress($"{count} {what}");
    }

    /// <summary>Asks who types, who is there (<see cref="CanAsk"/>).</summary>
    public bool Ask(string question)
    {
        Flush();
        Editor = new LineEditor(new History(null), _ => []);
        try
        {
            return Editor.Read($"{question} [y/N] ")?.Trim().ToUpperInvariant() is "Y" or "YES";
        }
        finally
        {
            Editor = null;
        }
    }

    private void Write(TextWriter writer, string text, string? colour, bool flush)
    {
        lock (_gate)
        {
            if (Editor is not null || _hasProgress)
                output.Write("\r\e[K");
            _hasProgress = false;
            writer.WriteLine(colour is null ? text : $"{colour}{text}\e[0m");
            if (flush)
                writer.Flush();
            Editor?.Show();
        }
    }
}
