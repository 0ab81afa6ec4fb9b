using System.Text;

namespace Quoll.Cli.Shell;

/// <summary>Cuts a line into words, as shells do: quotes keep spaces together, a backslash keeps one character.</summary>
internal static class LineWords
{
    /// <exception cref="UsageException">A quote is not closed.</exception>
    public static IReadOnlyList<string> Split(string line)
    {
        var words = new List<string>();
        var word = new StringBuilder();
        var (isWord, quote) = (false, '\0');
        for (var i = 0; i < line.Length; i++)
        {
            var letter = line[i];
            if (quote != '\0' && letter == quote)
            {
                quote = '\0';
            }
            else if (letter == '\\' && quote != '\'' && i + 1 < line.Length)
            {
                word.Append(line[++i]);
                isWord = true;
            }
            else if (quote == '\0' && letter is '\'' or '"')
            {
                (quote, isWord) = (letter, true);
            }
            else if (quote == '\0' && char.IsWhiteSpace(letter))
            {
                if (isWord)
                    words.Add(word.ToString());
                (isWord, word) = (false, word.Clear());
            }
            else
            {
                word.Append(letter);
                isWord = true;
            }
        }

        if (quote != '\0')
            throw new UsageException($"A {quote} is not closed.");
        if (isWord)
            words.Add(word.ToString());
        return words;
    }
}
