using System.CommandLine.Completions;
using Quoll.Client;

namespace Quoll.Cli.Shell;

/// <summary>Completes a path by the znodes that there are.</summary>
internal static class PathCompletion
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(1);

    /// <summary>At a prompt it asks only where that is connected; for a command of its own it connects.</summary>
    public static IEnumerable<CompletionItem> Of(ShellContext shell, CompletionContext context)
    {
        var word = context.WordToComplete;
        if ((shell.Connected is null && shell.IsInteractive) || (word.Length > 0 && word[0] != '/'))
            return [];
        if (word.Length == 0)
            return [new CompletionItem("/")];

        // Completions are asked for by a person who waits, on the thread that reads the keys, and cannot be awaited.
        var parent = word[..Math.Max(1, word.LastIndexOf('/'))];
        return ChildrenAsync(shell, context, parent).GetAwaiter().GetResult().Order(StringComparer.Ordinal)
            .Select(name => new CompletionItem(Subtree.Join(parent, name)));
    }

    private static async Task<string[]> ChildrenAsync(ShellContext shell, CompletionContext context, string parent)
    {
        using var patience = new CancellationTokenSource(Patience);
        try
        {
            var client = shell.Connected ?? await shell.ConnectAsync(context.ParseResult, patience.Token);
            return (await client.TryGetChildrenAsync(parent, patience.Token))?.Names ?? [];
        }
        catch (Exception e) when (e is ZooKeeperException or OperationCanceledException or ArgumentException or UsageException)
        {
            // Then there is nothing to offer; the command itself will say why.
            return [];
        }
        finally
        {
            if (!shell.IsInteractive)
                await shell.CloseAsync();
        }
    }
}
