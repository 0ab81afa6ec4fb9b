using System.Reflection;

namespace Quoll.Tests;

/// <summary>What the libraries offer to others stands in a file, so that nobody changes it without noticing.</summary>
public class PublicApiTests
{
    private const string Variable = "QUOLL_ACCEPT_PUBLIC_API";

    public static TheoryData<string> Libraries =>
        ["Quoll.Protocol", "Quoll.Core", "Quoll.Storage", "Quoll.Client", "Quoll.Recipes", "Quoll.Extensions", "Quoll.Testing"];

    [Theory]
    [MemberData(nameof(Libraries))]
    public void The_public_api_is_the_one_that_was_approved(string library)
    {
        var path = Repository.FullPath($"tests/Quoll.Tests/PublicApi/{library}.txt");
        var actual = PublicApi.Of(Assembly.Load(library)).ToList();
        if (Environment.GetEnvironmentVariable(Variable) == "1")
        {
            File.WriteAllLines(path, actual);
            return;
        }

        var approved = File.Exists(path) ? File.ReadAllLines(path) : [];
        var gone = approved.Except(actual).Select(line => "- " + line);
        var added = actual.Except(approved).Select(line => "+ " + line);
        var changes = gone.Concat(added).ToList();
        Assert.True(
            changes.Count == 0,
            $"the public API of {library} is not what {path} says:\n{string.Join('\n', changes)}\n"
            + $"to accept it, run these tests with {Variable}=1 and commit the file");
    }
}
