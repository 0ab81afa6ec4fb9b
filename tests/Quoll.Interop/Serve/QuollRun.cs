using System.Diagnostics;
using Quoll.Interop.Servers;

namespace Quoll.Interop.Serve;

/// <summary>One run of <c>quoll serve</c> that is expected to end by itself.</summary>
internal sealed record QuollRun(int ExitCode, string Output)
{
    private static readonly TimeSpan EndsWithin = TimeSpan.FromSeconds(30);

    public static async Task<QuollRun> OfAsync(string configFile, params string[] more)
    {
        var command = ServerCommand.For(ServerKind.Quoll, configFile);
        foreach (var argument in more)
            command.ArgumentList.Add(argument);
        command.RedirectStandardOutput = true;
        command.RedirectStandardError = true;
        using var process = Process.Start(command)!;
        var output = process.StandardOutput.ReadToEndAsync();
        var errors = process.StandardError.ReadToEndAsync();
        using var patience = new CancellationTokenSource(EndsWithin);
        try
        {
            await process.WaitForExitAsync(patience.Token);
        }
        catch (OperationCanceledException)
        {
            process.Kill();
            throw new TimeoutException($"quoll still runs after {EndsWithin.TotalSeconds} s\n{await output}{await errors}");
        }

        return new QuollRun(process.ExitCode, await output + await errors);
    }
}
