using System.Text.RegularExpressions;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace Quoll.Tests;

/// <summary>The rules of the house that no compiler checks, over the repository's own files.</summary>
public class TidyTests
{
    private const int MaxFileLines = 400;
    private const int MaxMethodLines = 60;
    private const int MaxLineLength = 140;
    private const int MaxConstructorParameters = 6;

    /// <summary>Attributes whose code generators add a part to the type.</summary>
    private static readonly string[] Generating = ["JuteRecord", "LoggerMessage", "LibraryImport", "GeneratedRegex", "JsonSerializable"];

    [Fact]
    public void A_file_has_at_most_400_lines() =>
        Repository.AssertNone(
            from file in Repository.Code
            let lines = file.Text.Count(c => c == '\n')
            where lines > MaxFileLines
            select $"{file.Path}: {lines} lines");

    [Fact]
    public void A_line_has_at_most_140_characters() =>
        Repository.AssertNone(
            from file in Repository.Code
            from line in file.Lines.Index()
            where line.Item.Length > MaxLineLength
            select $"{file.At(line.Index)}: {line.Item.Length} characters");

    [Fact]
    public void A_method_has_at_most_60_lines() =>
        Repository.AssertNone(
            from method in Nodes<CSharpSyntaxNode>(Repository.Code)
            where method.Node is BaseMethodDeclarationSyntax or LocalFunctionStatementSyntax or AccessorDeclarationSyntax
            let lines = LinesOf(method.Node)
            where lines > MaxMethodLines
            select $"{At(method)}: {lines} lines");

    // Records and jute records are data: they have as many fields as what they describe.
    [Fact]
    public void A_constructor_has_at_most_6_parameters()
    {
        var written = from constructor in Nodes<ConstructorDeclarationSyntax>(Repository.Code)
                      where constructor.Node.ParameterList.Parameters.Count > MaxConstructorParameters
                      select At(constructor);
        var primary = from type in Nodes<TypeDeclarationSyntax>(Repository.Code)
                      where type.Node is not RecordDeclarationSyntax && !AttributesIn(type.Node).Contains("JuteRecord")
                      where type.Node.ParameterList?.Parameters.Count > MaxConstructorParameters
                      select At(type);
        Repository.AssertNone(written.Concat(primary));
    }

    [Fact]
    public void A_type_is_partial_only_where_code_is_generated_for_it() =>
        Repository.AssertNone(
            from type in Nodes<TypeDeclarationSyntax>(Repository.Code)
            where type.Node.Modifiers.Any(SyntaxKind.PartialKeyword) && !AttributesIn(type.Node).Intersect(Generating).Any()
            select $"{At(type)}: {type.Node.Identifier.Text}");

    [Fact]
    public void The_core_knows_no_tasks() =>
        Repository.AssertNone(
            from file in Repository.CodeBelow("src/Quoll.Core")
            from token in file.Tree.Value.GetRoot().DescendantTokens()
            where token.IsKind(SyntaxKind.AsyncKeyword) || token.IsKind(SyntaxKind.AwaitKeyword) || token.Text is "Task" or "ValueTask"
            select $"{file.At(LineOf(token.GetLocation()))}: {token.Text}");

    [Fact]
    public void No_name_ends_in_a_word_that_says_nothing()
    {
        var empty = new Regex("(Helper|Util|Impl|Common)s?$");
        var types = from type in Nodes<BaseTypeDeclarationSyntax>(Repository.Code)
                    where empty.IsMatch(type.Node.Identifier.Text)
                    select $"{At(type)}: {type.Node.Identifier.Text}";
        var spaces = from space in Nodes<BaseNamespaceDeclarationSyntax>(Repository.Code)
                     where empty.IsMatch(space.Node.Name.ToString())
                     select $"{At(space)}: {space.Node.Name}";
        var files = from file in Repository.Files
                    where empty.IsMatch(Path.GetFileNameWithoutExtension(file.Path))
                    select file.Path;
        Repository.AssertNone(types.Concat(spaces).Concat(files));
    }

    // Written so that this file does not find itself.
    [Fact]
    public void Nothing_is_left_for_later_and_no_test_is_skipped()
    {
        var unfinished = new Regex(@"\b(TO" + @"DO|FIX" + @"ME|HA" + @"CK)\b|\bSkip" + " =");
        Repository.AssertNone(
            from file in Repository.Files
            from line in file.Lines.Index()
            where unfinished.IsMatch(line.Item)
            select $"{file.At(line.Index)}: {line.Item.Trim()}");
    }

    [Fact]
    public void No_unit_test_sleeps() =>
        Repository.AssertNone(
            from access in Nodes<MemberAccessExpressionSyntax>(Repository.CodeBelow("tests/Quoll.Tests"))
            where access.Node.ToString() is "Thread.Sleep" or "Task.Delay"
            select At(access));

    [Fact]
    public void The_name_of_a_test_is_a_sentence() =>
        Repository.AssertNone(
            from method in Nodes<MethodDeclarationSyntax>(Repository.CodeBelow("tests"))
            where method.Node.AttributeLists.SelectMany(list => list.Attributes).Any(a => a.Name.ToString() is "Fact" or "Theory")
            where !method.Node.Identifier.Text.Contains('_', StringComparison.Ordinal)
            select $"{At(method)}: {method.Node.Identifier.Text}");

    [Fact]
    public void Every_path_that_a_page_names_exists()
    {
        var path = new Regex("`((?:src|tests|docs|build|bench)/[^`\\s]*)`");
        Repository.AssertNone(
            from page in Repository.Pages
            from line in page.Lines.Index()
            from match in path.Matches(line.Item)
            let named = match.Groups[1].Value
            where !Path.Exists(Repository.FullPath(named))
            select $"{page.At(line.Index)}: {named}");
    }

    [Fact]
    public void Every_test_that_a_page_names_exists()
    {
        var test = new Regex("`((?:ZOOKEEPER|[A-Z][A-Za-z0-9]*)_[A-Za-z0-9_]+)`");
        var tests = Nodes<MethodDeclarationSyntax>(Repository.CodeBelow("tests")).Select(method => method.Node.Identifier.Text).ToHashSet();
        Repository.AssertNone(
            from page in Repository.Pages
            where page.Path.EndsWith("known-bugs.md", StringComparison.Ordinal)
            from line in page.Lines.Index()
            from match in test.Matches(line.Item)
            let named = match.Groups[1].Value
            where !tests.Contains(named)
            select $"{page.At(line.Index)}: {named}");
    }

    private static IEnumerable<(SourceFile File, T Node)> Nodes<T>(IEnumerable<SourceFile> files)
        where T : CSharpSyntaxNode =>
        from file in files
        from node in file.Tree.Value.GetRoot().DescendantNodes().OfType<T>()
        select (file, node);

    private static IEnumerable<string> AttributesIn(SyntaxNode node) =>
        node.DescendantNodes().OfType<AttributeSyntax>().Select(attribute => attribute.Name.ToString());

    private static string At<T>((SourceFile File, T Node) found)
        where T : CSharpSyntaxNode => found.File.At(LineOf(found.Node.GetLocation()));

    private static int LineOf(Location location) => location.GetLineSpan().StartLinePosition.Line;

    private static int LinesOf(CSharpSyntaxNode node)
    {
        var span = node.GetLocation().GetLineSpan();
        return span.EndLinePosition.Line - span.StartLinePosition.Line + 1;
    }
}
