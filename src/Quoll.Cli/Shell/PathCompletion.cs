using System.CommandLine.Completions;
using Quoll.Client;

namespace Quoll.Cli.Shell;

/// <summary>Completes a path by the znodes that there are. It asks the server only at a prompt that is connected.</summary>
internal static class PathCompletion
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(1);

    public static IEnumerable<CompletionItem> Of(ShellContext shell, string word)
    {
        if (shell.Connected is not { } client || (word.Length > 0 && word[0] != '/'))
            return [];
        if (word.Length == 0)
            return [new CompletionItem("/")];
        var parent = word[..Math.Max(1, word.LastIndexOf('/'))];
        using var patience = new CancellationTokenSource(Patience);
        try
        {
            // Completions are asked for by a person who waits, on the thread that reads the keys, and cannot be awaited.
            var children = client.TryGetChildrenAsync(parent, patience.Token).AsTask().GetAwaiter().GetResult()?.Names ?? [];
            return children.Order(StringComparer.Ordinal).Select(name => new CompletionItem(Subtree.Join(parent, name)));
        }
        catch (Exception e) when (e is ZooKeeperException or OperationCanceledException or ArgumentException)
        {
            // Then there is nothing to offer; the command itself will say why.
            return [];
        }
    }
}
