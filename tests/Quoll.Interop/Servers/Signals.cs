using System.ComponentModel;
using System.Diagnostics;
using System.Runtime.InteropServices;

namespace Quoll.Interop.Servers;

/// <summary>The signals that .NET has no method for. Their numbers are those of Linux on x86 and ARM.</summary>
internal static class Signals
{
    private const int Sighup = 1;
    private const int Sigint = 2;
    private const int Sigterm = 15;
    private const int Sigcont = 18;
    private const int Sigstop = 19;

    public static void Terminate(Process process) => Send(process, Sigterm);

    /// <summary>What Ctrl+C is to each process of a terminal.</summary>
    public static void Interrupt(Process process) => Send(process, Sigint);

    /// <summary>What a process is told whose terminal is closed.</summary>
    public static void HangUp(Process process) => Send(process, Sighup);

    /// <summary>Returns once every thread of it stands still.</summary>
    public static void Suspend(Process process)
    {
        Send(process, Sigstop);
        while (!process.HasExited && !ProcFiles.IsStopped(process.Id))
            Thread.Yield();
    }

    public static void Resume(Process process) => Send(process, Sigcont);

    private static void Send(Process process, int signal)
    {
        if (Kill(process.Id, signal) != 0 && !process.HasExited)
            throw new Win32Exception(Marshal.GetLastPInvokeError());
    }

    [DllImport("libc", EntryPoint = "kill", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int Kill(int pid, int signal);
}
