namespace Quoll.Tests.Docs;

/// <summary>The C# on the pages is that of tests, which run it, or of a sample.</summary>
public sealed class SnippetTests
{
    private const string Fence = "```";

    [Fact]
    public void Every_piece_of_code_on_a_page_is_part_of_a_test_or_a_sample()
    {
        var code = Repository.CodeBelow("tests/Quoll.Tests/Docs").Concat(Repository.CodeBelow("samples"))
            .Select(file => Normal(file.Lines))
            .ToList();
        var snippets = Repository.Pages.SelectMany(SnippetsOf).ToList();
        Assert.True(snippets.Count > 10, "the pages show code");
        Repository.AssertNone(
            snippets.Where(snippet => !code.Exists(file => file.Contains(snippet.Text, StringComparison.Ordinal)))
                .Select(snippet => $"{snippet.At}: not in any test or sample:\n{snippet.Text}"));
    }

    private static IEnumerable<(string At, string Text)> SnippetsOf(SourceFile page)
    {
        for (var i = 0; i < page.Lines.Length; i++)
        {
            if (page.Lines[i] != Fence + "csharp")
                continue;
            var end = Array.IndexOf(page.Lines, Fence, i);
            yield return (page.At(i), Normal(page.Lines[(i + 1)..end]));
            i = end;
        }
    }

    // Neither depth nor empty lines count.
    private static string Normal(IEnumerable<string> lines) =>
        string.Join('\n', lines.Select(line => line.Trim()).Where(line => line.Length > 0)) + "\n";
}
