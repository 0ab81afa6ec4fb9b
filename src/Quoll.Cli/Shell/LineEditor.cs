using System.Text;

namespace Quoll.Cli.Shell;

/// <summary>A line that is typed at a terminal: arrows, history, Tab, and the keys that readline has for them.</summary>
/// <param name="history">The lines before.</param>
/// <param name="complete">What a beginning of a line can go on with: whole last words.</param>
internal sealed class LineEditor(History history, Func<string, IEnumerable<string>> complete)
{
    private const int MostShown = 60;
    private readonly StringBuilder _line = new();
    private string _label = "";
    private int _cursor;
    private int _at;

    /// <summary>The line; empty if it was given up (Ctrl+C), null at the end of what is typed (Ctrl+D).</summary>
    public string? Read(string label)
    {
        Console.TreatControlCAsInput = true;
        try
        {
            return ReadLine(label);
        }
        finally
        {
            Console.TreatControlCAsInput = false;
        }
    }

    private string? ReadLine(string label)
    {
        _label = label;
        _line.Clear();
        (_cursor, _at) = (0, history.Count);
        Show();
        while (true)
        {
            var key = Console.ReadKey(intercept: true);
            if (key.Key == ConsoleKey.Enter)
            {
                Console.Write("\n");
                return _line.ToString();
            }

            if (key is { Key: ConsoleKey.C, Modifiers: ConsoleModifiers.Control })
            {
                Console.Write("^C\n");
                return "";
            }

            if (key is { Key: ConsoleKey.D, Modifiers: ConsoleModifiers.Control } && _line.Length == 0)
            {
                Console.Write("\n");
                return null;
            }

            Take(key);
            Show();
        }
    }

    /// <summary>Draws it again; of a line that is wider than the terminal what is around the cursor.</summary>
    public void Show()
    {
        var room = Math.Max(10, Console.WindowWidth - _label.Length - 1);
        var first = Math.Clamp(_cursor - (room / 2), 0, Math.Max(0, _line.Length - room));
        var shown = _line.ToString(first, Math.Min(room, _line.Length - first));
        var back = first + shown.Length - _cursor;
        Console.Write($"\r\e[K{_label}{shown}{(back > 0 ? $"\e[{back}D" : "")}");
    }

    private void Take(ConsoleKeyInfo key)
    {
        if (key.Modifiers.HasFlag(ConsoleModifiers.Control))
            TakeControl(key.Key);
        else if (key.Key == ConsoleKey.Backspace && _cursor > 0)
            Erase(Left());
        else if (key.Key == ConsoleKey.Delete && _cursor < _line.Length)
            _line.Remove(_cursor, Right() - _cursor);
        else if (key.Key is ConsoleKey.LeftArrow or ConsoleKey.RightArrow)
            _cursor = key.Key == ConsoleKey.LeftArrow ? Left() : Right();
        else if (key.Key is ConsoleKey.Home or ConsoleKey.End)
            _cursor = key.Key == ConsoleKey.Home ? 0 : _line.Length;
        else if (key.Key is ConsoleKey.UpArrow or ConsoleKey.DownArrow)
            Recall(key.Key == ConsoleKey.UpArrow ? -1 : 1);
        else if (key.Key == ConsoleKey.Tab)
            Complete();
        else if (!char.IsControl(key.KeyChar))
            _line.Insert(_cursor++, key.KeyChar);
    }

    private void TakeControl(ConsoleKey key)
    {
        switch (key)
        {
            case ConsoleKey.A:
                _cursor = 0;
                break;
            case ConsoleKey.E:
                _cursor = _line.Length;
                break;
            case ConsoleKey.U:
                Erase(0);
                break;
            case ConsoleKey.K:
                _line.Length = _cursor;
                break;
            case ConsoleKey.W:
                Erase(_line.ToString(0, _cursor).TrimEnd().LastIndexOf(' ') + 1);
                break;
            case ConsoleKey.L:
                Console.Write("\e[H\e[2J");
                break;
            case ConsoleKey.R:
                Search();
                break;
        }
    }

    // Characters that are two in UTF-16 are one here.
    private int Left() => Math.Max(0, _cursor - (_cursor > 1 && char.IsLowSurrogate(_line[_cursor - 1]) ? 2 : 1));

    private int Right() => Math.Min(_line.Length, _cursor + (_cursor < _line.Length && char.IsHighSurrogate(_line[_cursor]) ? 2 : 1));

    private void Erase(int from)
    {
        _line.Remove(from, _cursor - from);
        _cursor = from;
    }

    private void Recall(int step)
    {
        var at = Math.Clamp(_at + step, 0, history.Count);
        if (at < history.Count && history[at] is null)
            return;
        _at = at;
        Replace(history[at] ?? "");
    }

    // The last line before this one that has what is typed in it.
    private void Search()
    {
        var wanted = _line.ToString();
        for (var number = Math.Min(_at, history.Count) - 1; number >= 0; number--)
        {
            if (history[number] is not { } line)
                return;
            if (!line.Contains(wanted, StringComparison.Ordinal))
                continue;
            _at = number;
            Replace(line);
            return;
        }
    }

    private void Replace(string line)
    {
        _line.Clear().Append(line);
        _cursor = line.Length;
    }

    private void Complete()
    {
        var typed = _line.ToString(0, _cursor);
        var start = typed.LastIndexOf(' ') + 1;
        var word = typed[start..];
        var found = complete(typed).Where(each => each.StartsWith(word, StringComparison.Ordinal)).Distinct()
            .Order(StringComparer.Ordinal).ToList();
        if (found.Count == 0)
            return;
        var common = found.Aggregate((one, two) => one[..one.Zip(two).TakeWhile(pair => pair.First == pair.Second).Count()]);
        if (found.Count == 1 && common[0] != '/')
            common += " ";
        if (common.Length > word.Length)
        {
            _line.Remove(start, word.Length).Insert(start, common);
            _cursor = start + common.Length;
        }
        else if (found.Count > 1)
        {
            Console.Write($"\n{string.Join("  ", found.Take(MostShown))}{(found.Count > MostShown ? $"  … {found.Count} in all" : "")}\n");
        }
    }
}
