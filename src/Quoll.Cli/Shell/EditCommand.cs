using System.CommandLine;
using System.ComponentModel;
using System.Diagnostics;
using Quoll.Client;

namespace Quoll.Cli.Shell;

/// <summary><c>edit</c>: the data of a znode in an editor. It is set only if nobody else has changed it meanwhile.</summary>
internal static class EditCommand
{
    public static Command Create(ShellContext shell)
    {
        var path = ShellCommands.Path(shell);
        var command = new Command("edit", "Change the data of a znode in $EDITOR.\nEDITOR=nano quoll edit /app/config") { path };
        shell.SetAction(command, async invocation =>
        {
            var (client, at, format) = (await invocation.ConnectAsync(), invocation.Get(path), invocation.Bytes);
            var znode = await client.GetAsync(at, invocation.Stop);
            if (format == ByteFormat.Text && !ZnodeBytes.IsText(znode.Data))
                throw new ShellException($"{at} is no text: edit it with --bytes hex or base64.");
            var before = ZnodeBytes.Write(znode.Data, format);

            // One that nobody else can look into.
            var directory = Directory.CreateTempSubdirectory("quoll-edit-");
            var (file, isWritten) = (Path.Combine(directory.FullName, "data"), false);
            try
            {
                await File.WriteAllTextAsync(file, before, invocation.Stop);
                await RunEditorAsync(file, invocation.Stop);
                isWritten = true;
                var edited = ZnodeBytes.Read(WithoutAddedNewline(await File.ReadAllTextAsync(file, invocation.Stop), before), format);
                var isChanged = !edited.AsSpan().SequenceEqual(znode.Data);
                if (isChanged)
                    await client.SetAsync(at, edited, znode.Stat.Version, invocation.Stop);
                isWritten = false;
                invocation.Show(
                    () => isChanged ? $"{at} was set." : "Nothing was changed.", json => json.Writer.WriteBooleanValue(isChanged));
            }
            catch (BadVersionException)
            {
                throw new ShellException($"Somebody else has changed {at} meanwhile.");
            }
            finally
            {
                if (isWritten)
                    invocation.Console.Error($"What you wrote is in {file}.");
                else
                    directory.Delete(recursive: true);
            }
        });
        return command;
    }

    // Most editors end the last line where it had no end.
    private static string WithoutAddedNewline(string edited, string before) =>
        edited.EndsWith('\n') && !before.EndsWith('\n') ? edited[..^1] : edited;

    private static async Task RunEditorAsync(string file, CancellationToken stop)
    {
        // It may have arguments of its own.
        var words = LineWords.Split(Environment.GetEnvironmentVariable("EDITOR") is { Length: > 0 } editor ? editor : "vi");
        try
        {
            using var process = Process.Start(new ProcessStartInfo(words[0], [.. words.Skip(1), file]))!;
            await process.WaitForExitAsync(stop);
            if (process.ExitCode != 0)
                throw new ShellException($"{words[0]} ended with {process.ExitCode}: nothing was changed.");
        }
        catch (Win32Exception e)
        {
            throw new ShellException($"$EDITOR is {words[0]}: {e.Message}");
        }
    }
}
