using Quoll.Core;
using Quoll.Core.Election;

namespace Quoll.Simulator;

/// <summary>The datagrams of <c>electionAlg=0</c>: some are lost, some come twice, some when nobody waits any more.</summary>
internal sealed class SimDatagrams(Simulation simulation, Func<long, long, bool> isOpen)
{
    public void Take(SimServer from, in PeerEffect effect, byte[] bytes)
    {
        if (effect.Kind == PeerEffectKind.Answer && ElectionAnswer.TryRead(bytes, out var answer))
            simulation.Say($"{from.Id} answers {effect.Asker}: {answer.State}, {answer.Vote}");
        var to = effect.Asker is long asker ? asker : effect.Server;
        if (simulation.Chance(0.05))
            return;
        Send(from.Id, to, bytes);
        if (simulation.Chance(0.03))
            Send(from.Id, to, bytes);
    }

    private void Send(long from, long to, byte[] bytes)
    {
        if (!isOpen(from, to))
            return;
        var latest = simulation.Random.Next(100) switch { < 2 => 3_000_000, < 8 => 300_000, _ => 1_500 };
        simulation.After(simulation.Between(50, latest), () =>
        {
            if (isOpen(from, to))
                simulation.ServerOf(to).Do(peer => peer.OnDatagram(bytes, from));
        });
    }
}
