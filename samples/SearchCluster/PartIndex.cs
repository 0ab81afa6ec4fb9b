using System.Text.RegularExpressions;

namespace Quoll.Samples.SearchCluster;

/// <summary>A paragraph that was found.</summary>
/// <param name="Document">Where it stands.</param>
/// <param name="Score">How often it has the words that were asked for.</param>
/// <param name="Text">How it begins.</param>
internal sealed record Hit(string Document, int Score, string Text);

/// <summary>Which words stand in which paragraphs, for one part of the collection.</summary>
internal sealed class PartIndex
{
    private const int Beginning = 100;
    private readonly Dictionary<string, string> _texts = [];
    private readonly Dictionary<string, Dictionary<string, int>> _occurrences = new(StringComparer.OrdinalIgnoreCase);

    private PartIndex(int part) => Part = part;

    public int Part { get; }

    public DateTimeOffset Built { get; } = DateTimeOffset.UtcNow;

    /// <summary>Reads the collection: every page's paragraphs, which the parts get by turns.</summary>
    public static PartIndex Build(int part, int parts)
    {
        var index = new PartIndex(part);
        var turn = 0;
        foreach (var page in Directory.GetFiles(Path.Combine(AppContext.BaseDirectory, "documents")).Order())
        {
            foreach (var (number, paragraph) in File.ReadAllText(page).Split("\n\n").Index())
            {
                if (turn++ % parts == part - 1)
                    index.Add($"{Path.GetFileName(page)} {number + 1}", paragraph);
            }
        }

        return index;
    }

    /// <summary>The best that it has.</summary>
    public IEnumerable<Hit> Search(string query, int limit) =>
        (from word in Words(query).Distinct(StringComparer.OrdinalIgnoreCase)
         where _occurrences.ContainsKey(word)
         from occurrence in _occurrences[word]
         group occurrence.Value by occurrence.Key into document
         let score = document.Sum()
         orderby score descending, document.Key
         select new Hit(document.Key, score, _texts[document.Key])).Take(limit);

    private static IEnumerable<string> Words(string text) => Regex.Matches(text, @"\w+").Select(match => match.Value);

    private void Add(string document, string text)
    {
        _texts[document] = text[..Math.Min(text.Length, Beginning)];
        foreach (var word in Words(text).GroupBy(word => word, StringComparer.OrdinalIgnoreCase))
        {
            if (!_occurrences.TryGetValue(word.Key, out var documents))
                _occurrences[word.Key] = documents = [];
            documents[document] = word.Count();
        }
    }
}
