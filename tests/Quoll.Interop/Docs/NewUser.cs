using System.Diagnostics;
using Quoll.Interop.Clients;

namespace Quoll.Interop.Docs;

/// <summary>What somebody does who begins with the README: packages into a feed of his own, a new program that uses them.</summary>
public sealed class NewUser : IDisposable
{
    private readonly string _root = FindRoot();
    private readonly string _directory = Directory.CreateTempSubdirectory("quoll-new-user-").FullName;
    private readonly Lazy<Task<string>> _program;
    private readonly Lazy<Task<string>> _trimmed;

    public NewUser()
    {
        _program = new(BuildAsync);
        _trimmed = new(PublishAsync);
    }

    /// <summary>The README's program, which is that of the sample, on packages, built.</summary>
    public Task<string> ProgramAsync() => _program.Value;

    /// <summary>The same program as it is published: trimmed, with its runtime.</summary>
    public Task<string> TrimmedAsync() => _trimmed.Value;

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    private async Task<string> BuildAsync()
    {
        var feed = Path.Combine(_directory, "feed");
        await DotNetAsync(_root, "pack", "Quoll.slnx", "--configuration", "Release", "--no-build", "--output", feed);
        var project = Path.Combine(_directory, "hold-a-lock");
        await DotNetAsync(_directory, "new", "console", "--no-restore", "--output", project);
        await File.WriteAllTextAsync(
            Path.Combine(project, "nuget.config"),
            $"""<configuration><packageSources><add key="quoll" value="{feed}" /></packageSources></configuration>""");
        await DotNetAsync(project, "add", "package", "Quoll.Recipes", "--version", "0.1.0");
        File.Copy(Path.Combine(_root, "samples/HoldALock/Program.cs"), Path.Combine(project, "Program.cs"), overwrite: true);
        await DotNetAsync(project, "build", "--output", Path.Combine(_directory, "built"));
        return Path.Combine(_directory, "built", "hold-a-lock");
    }

    // A warning of the trimmer is an error here as any other.
    private async Task<string> PublishAsync()
    {
        var published = Path.Combine(_directory, "published");
        await DotNetAsync(
            _root, "publish", "samples/HoldALock", "--configuration", "Release", "--use-current-runtime", "--self-contained",
            "--artifacts-path", Path.Combine(_directory, "artifacts"), "--output", published);
        return Path.Combine(published, "HoldALock");
    }

    private async Task DotNetAsync(string where, params string[] arguments)
    {
        var command = new ProcessStartInfo("dotnet", arguments) { WorkingDirectory = where };

        // Packages of this version that were built before must not be found in place of these.
        command.Environment["NUGET_PACKAGES"] = Path.Combine(_directory, "packages");
        command.Environment["MSBUILDDISABLENODEREUSE"] = "1";
        using var run = ClientProgram.Start(command);
        await run.FinishAsync();
    }

    private static string FindRoot()
    {
        var directory = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(directory.FullName, "Quoll.slnx")))
        {
            directory = directory.Parent
                ?? throw new InvalidOperationException($"Quoll.slnx is not above {AppContext.BaseDirectory}: the tests need their sources");
        }

        return directory.FullName;
    }
}
