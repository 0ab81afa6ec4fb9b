using System.Diagnostics;

namespace Quoll.Interop.Compression;

/// <summary>Clients/java/SnappyPipe.java, compiled once for all tests of a class.</summary>
public sealed class SnappyPipe : IAsyncLifetime
{
    // Where Debian's libsnappy-java puts it.
    private const string Jar = "/usr/share/java/snappy-java.jar";

    private readonly string _classes = Directory.CreateTempSubdirectory("snappy-pipe-").FullName;

    public async ValueTask InitializeAsync()
    {
        if (File.Exists(Jar))
        {
            var source = Path.Combine(AppContext.BaseDirectory, "Clients", "java", "SnappyPipe.java");
            await RunAsync(new ProcessStartInfo("javac", ["-cp", Jar, "-d", _classes, source]), []);
        }
    }

    public ValueTask DisposeAsync()
    {
        Directory.Delete(_classes, recursive: true);
        return ValueTask.CompletedTask;
    }

    /// <summary>What Java makes of the input; skips the test where snappy-java is not installed.</summary>
    /// <param name="direction">"c" to compress, "d" to decompress.</param>
    /// <param name="input">All of its standard input.</param>
    public Task<byte[]> RunAsync(string direction, byte[] input)
    {
        Assert.SkipUnless(File.Exists(Jar), $"needs {Jar}");
        return RunAsync(new ProcessStartInfo("java", ["-cp", $"{Jar}:{_classes}", "SnappyPipe", direction]), input);
    }

    private static async Task<byte[]> RunAsync(ProcessStartInfo start, byte[] input)
    {
        start.RedirectStandardInput = true;
        start.RedirectStandardOutput = true;
        start.RedirectStandardError = true;
        using var process = Process.Start(start)!;

        // All three pipes at once: with one left alone, a full buffer would stop both sides.
        var cancel = TestContext.Current.CancellationToken;
        var output = new MemoryStream();
        var copying = process.StandardOutput.BaseStream.CopyToAsync(output, cancel);
        var errors = process.StandardError.ReadToEndAsync(cancel);
        await process.StandardInput.BaseStream.WriteAsync(input, cancel);
        process.StandardInput.Close();
        await copying;
        await process.WaitForExitAsync(cancel);

        Assert.True(process.ExitCode == 0, await errors);
        return output.ToArray();
    }
}
