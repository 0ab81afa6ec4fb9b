using System.Globalization;

namespace Quoll.Cli;

/// <summary>
/// How .NET's sockets hand over what arrived. They read it from the environment when the first socket is made; whoever set it
/// himself is left alone.
/// </summary>
internal static class SocketSettings
{
    public static void Apply()
    {
        // The thread that waits for sockets works on what came, instead of waking another: half the time and a third of the CPU of a
        // round trip. What it does is short, since nothing in a server waits.
        SetDefault("DOTNET_SYSTEM_NET_SOCKETS_INLINE_COMPLETIONS", "1");
        var threads = Math.Max(1, Environment.ProcessorCount / 4);
        SetDefault("DOTNET_SYSTEM_NET_SOCKETS_THREAD_COUNT", threads.ToString(CultureInfo.InvariantCulture));
    }

    private static void SetDefault(string name, string value)
    {
        if (Environment.GetEnvironmentVariable(name) is null)
            Environment.SetEnvironmentVariable(name, value);
    }
}
