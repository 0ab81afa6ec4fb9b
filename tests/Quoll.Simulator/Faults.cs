using Quoll.Core;
using Quoll.Core.Election;

namespace Quoll.Simulator;

/// <summary>What goes wrong. Half of it happens to the leader: there is most to lose.</summary>
internal sealed class Faults(Simulation simulation, IReadOnlyList<IInterruptible> clients)
{
    private readonly Ambushes _ambushes = new(simulation);
    private static readonly DiskEffectKind[] Effects = Enum.GetValues<DiskEffectKind>();

    /// <summary>How often each was injected.</summary>
    public SortedDictionary<string, int> Injected { get; } = new(StringComparer.Ordinal);

    private IReadOnlyList<SimServer> Servers => simulation.Servers;

    public void Inject()
    {
        var leader = Servers.FirstOrDefault(each => each.Peer is { State: ServerState.Leading });
        var server = leader is not null && simulation.Chance(0.5) ? leader : Any();
        if (simulation.Traits.ClientsTellEachOther && simulation.Chance(0.3))
        {
            WakeAlone(leader ?? server);
            return;
        }

        var roll = simulation.Random.Next(28);
        if (roll <= 18)
            Harm(server, leader, roll);
        else
            HarmAtMoment(server, roll);
    }

    private void Harm(SimServer server, SimServer? leader, int roll)
    {
        switch (roll)
        {
            case 0 or 1 or 2:
                Count("crash");
                Crash(server, 310, 2_000);
                break;
            case 3 or 4 or 5:
                FailDisk(server);
                break;
            case 6 or 7:
                CrashInEffect(server);
                break;
            case 8:
                SlowDisk(server);
                break;
            case 9:
                Count("cut off");
                simulation.Network.Part(server, Servers);
                HealAfter(50, 3_000);
                break;
            case 10:
                Count("two parted");
                simulation.Network.Part(server, [Any()]);
                HealAfter(50, 1_000);
                break;
            case 11 or 12 or 13:
                Silence(server);
                break;
            case 14:
                LosePowerOfAll(leader);
                break;
            case 15:
                // What it had proposed nobody else has.
                Count("cut off, then without power");
                simulation.Network.Part(server, Servers);
                simulation.After(simulation.Between(1_000, 100_000), () => Crash(server, 310, 2_000));
                HealAfter(100, 1_000);
                break;
            case 16:
                // Away so long that the logs of the others no longer go back to where it was.
                Count("long away");
                Crash(server, 4_000, 8_000);
                break;
            default:
                Count("process stands still");
                server.Pause(simulation.Between(100_000, 3_000_000));
                break;
        }
    }

    private void HarmAtMoment(SimServer server, int roll)
    {
        switch (roll)
        {
            case 19 or 20:
                StrikeWhoComesToLead();
                break;
            case 21 or 22:
                Count("ambush");
                _ambushes.LieInWait();
                if (simulation.Chance(0.5))
                    Unsettle(server);
                break;
            case 23 or 24:
                Count("leaders fall");
                _ambushes.LeadersFall(server);
                break;
            case 25:
                if (simulation.Chance(0.5))
                    BreakLinks(server);
                else
                    HearLate(server);
                break;
            case 26:
                WakeAlone(server);
                break;
            default:
                InterruptClients();
                break;
        }
    }

    /// <summary>The last fault is over: everything is mended.</summary>
    public void End()
    {
        _ambushes.End();
        foreach (var server in Servers)
        {
            server.Disk.WritesLeft = server.Disk.SyncsLeft = server.Disk.NamesLeft = null;
            server.Lanes.CrashIn = null;
            server.Lanes.Slowness = 1;
        }
    }

    private void InterruptClients()
    {
        Count("clients lose their connections");
        foreach (var client in clients.Where(_ => simulation.Chance(0.5)))
            client.Interrupt();
    }

    private SimServer Any() => Servers[simulation.Random.Next(Servers.Count)];

    private void Count(string fault) => Injected[fault] = Injected.GetValueOrDefault(fault) + 1;

    private void Crash(SimServer server, int least, int most)
    {
        server.Crash();
        Restart(server, least, most);
    }

    private void Restart(SimServer server, int least, int most) =>
        simulation.After(simulation.Between(least * 1000, most * 1000), server.Start);

    private void HealAfter(int least, int most) =>
        simulation.After(simulation.Between(least * 1000, most * 1000), simulation.Network.Heal);

    private void FailDisk(SimServer server)
    {
        Count("disk fails");
        var left = simulation.Random.Next(4);
        switch (simulation.Random.Next(3))
        {
            case 0:
                server.Disk.WritesLeft = left;
                break;
            case 1:
                server.Disk.SyncsLeft = left;
                break;
            default:
                server.Disk.NamesLeft = left;
                break;
        }

        simulation.After(300_000, () => server.Disk.WritesLeft = server.Disk.SyncsLeft = server.Disk.NamesLeft = null);
        Restart(server, 310, 2_000);
    }

    // Kinds that are rare come when the server is struck again.
    private void CrashInEffect(SimServer server)
    {
        var kind = Effects[simulation.Random.Next(Effects.Length)];
        Count("power lost in " + kind);
        simulation.Say($"{server.Id} will lose its power in {kind}");
        server.Lanes.CrashIn = kind;
        if (kind >= DiskEffectKind.SaveAcceptedEpoch)
            simulation.After(simulation.Between(1_000, 50_000), () => Unsettle(server));
        for (var after = 1; after <= 4; after++)
            Restart(server, after * 1_000, after * 1_500);
    }

    // A short way off, so that it must find its leader anew.
    private void Unsettle(SimServer server)
    {
        simulation.Network.Part(server, Servers);
        HealAfter(5, 200);
    }

    // The others come back one by one, and who is elected first has just begun.
    private void StrikeWhoComesToLead()
    {
        Count("struck while coming to lead");
        var left = Any();
        foreach (var each in Servers.Where(each => each != left))
            Crash(each, 310, 700);
        WaitForWhoComesToLead(1_500);
    }

    private void WaitForWhoComesToLead(int milliseconds)
    {
        if (Servers.FirstOrDefault(each => each.Peer is { State: ServerState.Leading, Serves: false }) is { } begins)
            simulation.After(simulation.Between(0, 15_000), () => Crash(begins, 500, 2_000));
        else if (milliseconds > 0)
            simulation.After(1_000, () => WaitForWhoComesToLead(milliseconds - 1));
    }

    private void SlowDisk(SimServer server)
    {
        Count("slow disk");
        simulation.Say($"the disk of {server.Id} is slow");
        server.Lanes.Slowness = simulation.Random.Next(5, 60);
        simulation.After(simulation.Between(500_000, 4_000_000), () => server.Lanes.Slowness = 1);
    }

    private void Silence(SimServer server)
    {
        var way = simulation.Random.Next(4);
        Count(way switch { 0 => "not heard", 1 => "hears nothing", 2 => "cut off in silence", _ => "one way lost between two" });
        foreach (var other in way == 3 ? [Any()] : Servers)
        {
            if (way != 1)
                simulation.Network.Mute(server, other);
            if (way is 1 or 2)
                simulation.Network.Mute(other, server);
        }

        HealAfter(50, 4_000);
    }

    // One comes back again and again to a leader that has not decided on what it sent before: storage of all others hangs.
    private void BreakLinks(SimServer server)
    {
        Count("links break, disks are slow");
        var other = Any();
        foreach (var slow in Servers.Where(each => each != other))
        {
            slow.Lanes.Slowness = simulation.Random.Next(20, 200);
            simulation.After(simulation.Between(300_000, 1_500_000), () => slow.Lanes.Slowness = 1);
        }

        for (var count = simulation.Random.Next(3, 10); count > 0; count--)
            simulation.After(simulation.Between(0, 1_000_000), () => simulation.Network.Reset(server, other));
    }

    // When it wakes it has heard the others a moment ago, and does not know that they have heard nothing.
    private void WakeAlone(SimServer server)
    {
        Count("stands still, and wakes alone");
        server.Pause(simulation.Between(500_000, 950_000));
        simulation.After(simulation.Between(5_000, 120_000), () =>
        {
            foreach (var other in Servers)
            {
                simulation.Network.Mute(server, other);
                simulation.Network.Mute(other, server);
            }
        });
        HealAfter(1_500, 4_000);
    }

    // Others hear it late, and some by a connection that breaks as it comes.
    private void HearLate(SimServer server)
    {
        Count("heard late, and links break");
        foreach (var other in Servers)
            simulation.Network.Mute(server, other);
        simulation.After(simulation.Between(50_000, 1_000_000), () =>
        {
            simulation.Network.Heal();
            foreach (var other in Servers.Where(_ => simulation.Chance(0.5)))
                simulation.After(simulation.Between(0, 20_000), () => simulation.Network.Reset(server, other));
        });
    }

    private void LosePowerOfAll(SimServer? leader)
    {
        Count("power of the whole room");
        foreach (var each in Servers)
        {
            if (each == leader)
                Crash(each, 1_500, 5_000);
            else
                Crash(each, 310, 1_000);
        }
    }
}
