using System.Diagnostics;
using System.Net;
using System.Text.RegularExpressions;
using Quoll.Interop.Servers;

namespace Quoll.Interop.Ensembles;

/// <summary>
/// A network of this machine's own: each place is a network namespace, all are joined by a bridge, at which the test's clients are, too. A
/// direction between two places is cut by telling the sender a hardware address that nobody has: nothing arrives, and nobody is told.
/// </summary>
internal sealed partial class Lan : IDisposable
{
    private const string Nobody = "02:00:00:00:00:01";

    // In the names of interfaces, which have 15 characters at most.
    private static int _made;
    private readonly string _name = $"q{Environment.ProcessId:x}-{Interlocked.Increment(ref _made):x}";
    private readonly string _subnet;
    private readonly int _places;

    private Lan(int places)
    {
        _places = places;
        _subnet = $"10.{128 + (Environment.ProcessId % 64)}.{(Environment.ProcessId / 64 % 16 * 16) + (_made % 16)}";
        AppDomain.CurrentDomain.ProcessExit += OnProcessExit;
    }

    /// <summary>Skips the test where there is no network to be had.</summary>
    public static Lan Create(int places)
    {
        RemoveLeftovers();
        var lan = new Lan(places);
        try
        {
            lan.Build();
            return lan;
        }
        catch (Exception e)
        {
            lan.Dispose();
            Assert.SkipWhen(e is NoNetworkException, $"network namespaces need root, and the package iproute2: {e.Message}");
            throw;
        }
    }

    public ServerPlace PlaceOf(int number) => new(IPAddress.Parse(AddressOf(number)), NamespaceOf(number));

    /// <summary>Nothing that one sends arrives at the other; the other direction stays.</summary>
    public void CutWay(int from, int to) =>
        Ip("-n", NamespaceOf(from), "neigh", "replace", AddressOf(to), "lladdr", Nobody, "dev", "eth0", "nud", "permanent");

    public void HealWay(int from, int to) => TryIp("-n", NamespaceOf(from), "neigh", "del", AddressOf(to), "dev", "eth0");

    /// <summary>Cuts both ways between each of these and each of all others. Clients are not concerned.</summary>
    public void Split(params int[] some) => ForEachPair(some, CutWay);

    public void Heal(params int[] some) => ForEachPair(some, HealWay);

    /// <summary>Pulls the cable of a place: its clients can't reach it either.</summary>
    public void Unplug(int number) => Ip("link", "set", PortOf(number), "down");

    public void Plug(int number) => Ip("link", "set", PortOf(number), "up");

    public void Dispose()
    {
        AppDomain.CurrentDomain.ProcessExit -= OnProcessExit;
        for (var number = 1; number <= _places; number++)
            TryIp("netns", "del", NamespaceOf(number));
        TryIp("link", "del", _name);
    }

    private string AddressOf(int number) => $"{_subnet}.{number}";

    private string NamespaceOf(int number) => $"quoll-{_name}-{number}";

    private string PortOf(int number) => $"{_name}-{number}";

    private void Build()
    {
        Ip("link", "add", _name, "type", "bridge");
        Ip("address", "add", $"{_subnet}.254/24", "dev", _name);
        Ip("link", "set", _name, "up");
        for (var number = 1; number <= _places; number++)
        {
            var place = NamespaceOf(number);
            Ip("netns", "add", place);
            Ip("link", "add", PortOf(number), "type", "veth", "peer", "name", "eth0", "netns", place);
            Ip("link", "set", PortOf(number), "master", _name, "up");
            Ip("-n", place, "address", "add", $"{AddressOf(number)}/24", "dev", "eth0");
            Ip("-n", place, "link", "set", "eth0", "up");
            Ip("-n", place, "link", "set", "lo", "up");
        }
    }

    private void ForEachPair(int[] some, Action<int, int> act)
    {
        foreach (var one in some)
        {
            foreach (var other in Enumerable.Range(1, _places).Except(some))
            {
                act(one, other);
                act(other, one);
            }
        }
    }

    private void OnProcessExit(object? sender, EventArgs e) => Dispose();

    // Of test runs that were killed.
    private static void RemoveLeftovers()
    {
        foreach (Match left in Name().Matches(TryIp("netns", "list") + TryIp("-o", "link", "show", "type", "bridge")))
        {
            if (Directory.Exists($"/proc/{Convert.ToInt32(left.Groups["process"].Value, 16)}"))
                continue;
            if (left.Groups["place"].Success)
                TryIp("netns", "del", left.Value);
            else
                TryIp("link", "del", left.Value);
        }
    }

    private static void Ip(params string[] arguments)
    {
        var (code, said) = Run(arguments);
        if (code != 0)
            throw new NoNetworkException($"ip {string.Join(' ', arguments)}: {said}");
    }

    private static string TryIp(params string[] arguments) => Run(arguments).Said;

    private static (int Code, string Said) Run(string[] arguments)
    {
        var command = new ProcessStartInfo("ip", arguments) { RedirectStandardOutput = true, RedirectStandardError = true };
        try
        {
            using var ip = Process.Start(command)!;
            var said = ip.StandardOutput.ReadToEnd() + ip.StandardError.ReadToEnd();
            ip.WaitForExit();
            return (ip.ExitCode, said);
        }
        catch (System.ComponentModel.Win32Exception e)
        {
            return (-1, e.Message);
        }
    }

    [GeneratedRegex(@"(?<place>quoll-)?\bq(?<process>[0-9a-f]+)-[0-9a-f]+(?(place)-[0-9]+)")]
    private static partial Regex Name();

    private sealed class NoNetworkException(string message) : Exception(message);
}
