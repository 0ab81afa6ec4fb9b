using System.Text.RegularExpressions;
using Quoll.Interop.Clients;
using Quoll.Interop.Recipes;
using Quoll.Interop.Servers;

namespace Quoll.Interop.Shell;

/// <summary>
/// The same lines for Apache's shell and for ours, on the same servers, each below a znode of its own. (getEphemerals is not among them:
/// zkCli does not take its root off the paths, and asks for those below another.)
/// </summary>
public sealed partial class SameAnswersTests(RecipeServers servers)
{
    private static readonly string[] Lines =
    [
        "create /a", "create /a", "get /a", "create /a/b data", "create -e /a/e 'two words'", "create -s /a/s- x", "create -e -s /a/es- x",
        "create -c /a/container", "create /n/o x", "create -e /a/e/c x", "get /a/b", "get -s /a/b", "get /nope", "get /a/e",
        "set /a/b other", "get /a/b", "set -s /a/b third", "set -v 7 /a/b x", "set -v 2 /a/b x", "set /nope x", "stat /a", "stat /nope",
        "ls /", "ls /a", "ls -s /a", "ls -R /", "ls -R /a", "ls /nope", "ls -R /nope", "getAllChildrenNumber /a",
        "config", "reconfig -remove 3",
        "getAcl /a", "getAcl -s /a", "getAcl /nope", "sync /a", "whoami",
        "create /protected x world:anyone:cdra", "set /protected y", "getAcl /protected", "setAcl /protected world:anyone:cdrwa",
        "set /protected y", "get /protected", "setAcl -s /protected world:anyone:r", "create /protected/x", "delete /protected",
        "create /mine x", "addauth digest user:password", "setAcl /mine auth::cdrwa", "getAcl /mine", "get /mine", "whoami",
        "create /quota", "create /quota/x 123", "listquota /quota", "delquota /quota", "setquota -n 3 /nope",
        "delete /a", "delete -v 5 /a/b", "delete -v 3 /a/b", "delete /nope", "deleteall /a -b 2", "ls /", "deleteall /nope",
        "create /d", "deleteall /d", "create /unicode 'grüße 😀'", "get /unicode", "create /with.dots_and-dashes", "ls /",
        "ls /unicode watch", "get /unicode watch", "stat /unicode watch",
    ];

    [Theory]
    [EachServer]
    public async Task The_shell_says_what_zkCli_says(ServerKind kind)
    {
        var addresses = await servers.AddressesAsync(kind);
        using var theirs = await ShellSession.OpenAsync(addresses + await servers.CreateRootAsync(kind, "zkcli"));
        using var ours = ShellSession.OpenQuoll(addresses + await servers.CreateRootAsync(kind, "quoll"));
        var different = new List<string>();
        foreach (var line in Lines)
        {
            var expected = Comparable(await theirs.RunAsync(line));
            var actual = Comparable(await ours.RunAsync(line));
            if (expected != actual)
                different.Add($"{line}\n  zkCli: {expected}\n  quoll: {actual}");
        }

        Assert.True(different.Count == 0, string.Join('\n', different));
        await theirs.QuitAsync();
    }

    // Times and zxids differ by what was before; errors of ours go on with the server and with what can be done.
    private static string Comparable(IReadOnlyList<string> printed)
    {
        var lines = printed.Where(line => line.Length > 0).ToArray();
        if (lines is [var first, ..] && Told().IsMatch(first))
            lines = [Told().Replace(first, "")];
        return string.Join('\n', lines.Select(line => Varying().Replace(line, "…")));
    }

    [GeneratedRegex(@" \(asked .*\)$")]
    private static partial Regex Told();

    [GeneratedRegex(
        @"(?<=^(?:[cmp]Zxid|ephemeralOwner) = )(?!0x0$)0x[0-9a-f]+$|"
        + @"(?<=^[cm]time = )\w{3} \w{3} \d\d \d\d:\d\d:\d\d(?= [A-Z]+ \d{4}$)")]
    private static partial Regex Varying();
}
