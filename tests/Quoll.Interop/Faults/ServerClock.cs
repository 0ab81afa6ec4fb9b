using System.Buffers.Binary;
using Quoll.Interop.Clients;
using Quoll.Interop.Servers;

namespace Quoll.Interop.Faults;

/// <summary>The wall clock of a server that was started with it, which the test can set.</summary>
internal sealed class ServerClock : IDisposable
{
    private readonly TempDirectory _home = new();

    private string File => _home.File("shift");

    /// <summary>How far the server's clock is ahead of ours.</summary>
    public TimeSpan Shift { get; private set; }

    public static async Task<ServerClock> CreateAsync()
    {
        var clock = new ServerClock();
        clock.Set(TimeSpan.Zero);
        await CompilerRun.LibraryAsync(ClientProgram.Source("c", "clock.c"), clock._home.File("clock.so"));
        return clock;
    }

    public Dictionary<string, string> Variables() => new() { ["LD_PRELOAD"] = _home.File("clock.so"), ["CLOCK_SHIFT_FILE"] = File };

    public void Set(TimeSpan shift)
    {
        Shift = shift;
        var nanoseconds = new byte[8];
        BinaryPrimitives.WriteInt64LittleEndian(nanoseconds, shift.Ticks * 100);

        // The server has the file in its memory: it is written over, in one piece, and not made anew.
        using var file = new FileStream(File, FileMode.OpenOrCreate, FileAccess.Write, FileShare.ReadWrite);
        file.Write(nanoseconds);
    }

    /// <summary>Checks that the server stamped something with its clock as it is now; a minute is for a busy machine.</summary>
    public void AssertIsNow(long milliseconds)
    {
        var expected = DateTimeOffset.UtcNow + Shift;
        var stamped = DateTimeOffset.FromUnixTimeMilliseconds(milliseconds);
        Assert.InRange(stamped, expected - TimeSpan.FromMinutes(1), expected + TimeSpan.FromMinutes(1));
    }

    public void Dispose() => _home.Dispose();
}
