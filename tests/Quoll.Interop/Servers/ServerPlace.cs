using System.Diagnostics;
using System.Net;

namespace Quoll.Interop.Servers;

/// <summary>Where a server runs: at an address of this machine, which may be that of a network namespace.</summary>
internal sealed record ServerPlace(IPAddress Address, string? Namespace = null)
{
    public static ServerPlace Loopback { get; } = new(IPAddress.Loopback);

    /// <summary>The command as it is run there; the process has the number that is returned by its start.</summary>
    public ProcessStartInfo Enter(ProcessStartInfo command) => Namespace is null
        ? command
        : new ProcessStartInfo("ip", ["netns", "exec", Namespace, command.FileName, .. command.ArgumentList]);
}
