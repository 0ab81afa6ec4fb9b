using System.Diagnostics;

namespace Quoll.Interop.Disk;

/// <summary>
/// A small file system of its own: in memory (tmpfs), or ext4 on a loop device over a sparse file. Only the machine's administrator
/// may mount; a test that can't is skipped, and says so.
/// </summary>
internal sealed class Mount : IDisposable
{
    private readonly string _home = Directory.CreateTempSubdirectory("quoll-mount-").FullName;
    private readonly List<string> _mounted = [];

    private Mount()
    {
    }

    /// <summary>Where its files are.</summary>
    public string Path => System.IO.Path.Combine(_home, "disk");

    private string Filler => System.IO.Path.Combine(Path, "filler");

    private string Pool => System.IO.Path.Combine(_home, "pool");

    private string Image => System.IO.Path.Combine(_home, "image");

    public static Mount Of(string fileSystem, int megabytes) => fileSystem switch
    {
        "tmpfs" => Make(mount => mount.Attach(mount.Path, "-t", "tmpfs", "-o", $"size={megabytes}m", "tmpfs")),
        "ext4" => Make(mount => mount.AttachImage(mount.Image, megabytes)),
        _ => throw new UnreachableException(),
    };

    /// <summary>An ext4 of more megabytes than there are to hold it: when those are used up, the device fails.</summary>
    public static Mount Thin(int megabytes, int backing) => Make(mount =>
    {
        mount.Attach(mount.Pool, "-t", "tmpfs", "-o", $"size={backing}m", "tmpfs");
        mount.AttachImage(System.IO.Path.Combine(mount.Pool, "image"), megabytes);
    });

    public void MakeReadOnly() => Run("mount", "-o", "remount,ro", Path);

    /// <summary>Takes all the room there is.</summary>
    public void Fill() => FillUp(Filler);

    public void GiveRoom() => File.Delete(Filler);

    /// <summary>Takes all the room that a thin disk's device has.</summary>
    public void StarveDevice() => FillUp(System.IO.Path.Combine(Pool, "filler"));

    /// <summary>Gives the device room again and mounts the disk anew: what is there then came from the device.</summary>
    public void RepairDevice()
    {
        Run("umount", Path);
        _mounted.Remove(Path);
        File.Delete(System.IO.Path.Combine(Pool, "filler"));
        Attach(Path, "-o", "loop", System.IO.Path.Combine(Pool, "image"));
    }

    public void Dispose()
    {
        for (var i = _mounted.Count - 1; i >= 0; i--)
            Run("umount", "--lazy", _mounted[i]);
        Directory.Delete(_home, recursive: true);
    }

    private static Mount Make(Action<Mount> attach)
    {
        var mount = new Mount();
        try
        {
            attach(mount);
            return mount;
        }
        catch
        {
            mount.Dispose();
            throw;
        }
    }

    private static void FillUp(string path)
    {
        var block = new byte[64 * 1024];
        using var file = File.OpenHandle(path, FileMode.Append, FileAccess.Write);
        for (var size = block.Length; size >= 512; size /= 2)
        {
            try
            {
                while (true)
                    RandomAccess.Write(file, block.AsSpan(0, size), RandomAccess.GetLength(file));
            }
            catch (IOException)
            {
                // No room for a block of this size: smaller ones may still fit.
            }
        }
    }

    private void AttachImage(string image, int megabytes)
    {
        using (var file = File.Create(image))
            file.SetLength(megabytes * 1024L * 1024L);
        Run("mkfs.ext4", "-q", "-m", "0", image);
        Attach(Path, "-o", "loop", image);
    }

    private void Attach(string point, params string[] how)
    {
        Directory.CreateDirectory(point);
        if (Output("mount", [.. how, point]) is var (exitCode, output) && exitCode != 0)
            Assert.Skip($"this test needs to mount a file system, and was refused: {output}");
        _mounted.Add(point);
    }

    private static void Run(string program, params string[] arguments)
    {
        if (Output(program, arguments) is var (exitCode, output) && exitCode != 0)
            throw new InvalidOperationException($"{program} {string.Join(' ', arguments)}: {exitCode}: {output}");
    }

    private static (int ExitCode, string Output) Output(string program, string[] arguments)
    {
        var command = new ProcessStartInfo(program, arguments) { RedirectStandardError = true, RedirectStandardOutput = true };
        using var process = Process.Start(command)!;
        var output = process.StandardError.ReadToEndAsync();
        process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return (process.ExitCode, output.GetAwaiter().GetResult().Trim());
    }
}
