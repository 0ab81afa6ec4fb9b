using Quoll.Protocol;
using Quoll.Simulator.Clients;

namespace Quoll.Simulator.Checks;

/// <summary>
/// What one client hears: time never goes back, whichever server it is connected to; and a watch fires once, for the first change, and
/// before anything that is newer. (That answers come in the order of requests, the client itself sees to.)
/// </summary>
internal sealed class OrderChecker(Simulation simulation, Model model, int client)
{
    private readonly Dictionary<(string Path, bool OfChildren), (WatchKind Kind, long Since)> _watches = [];
    private long _last;
    private bool _catchesUp;

    public void Check(IEnumerable<Heard> all)
    {
        foreach (var heard in all)
        {
            switch (heard)
            {
                case Heard.Connected connected:
                    _catchesUp = !connected.IsNew;
                    break;
                case Heard.Ended:
                    _watches.Clear();
                    break;
                case Heard.Event fired:
                    OnEvent(fired);
                    break;
                case Heard.Reply reply:
                    OnReply(reply.Operation);
                    break;
            }
        }
    }

    private void OnEvent(Heard.Event fired)
    {
        var key = (fired.Path, fired.Type == EventType.NodeChildrenChanged);
        if (!_watches.Remove(key, out var watch))
        {
            simulation.Complain($"client {client} hears {fired.Type} {fired.Path}, which it does not watch");
            return;
        }

        // What was missed while it was away is told without a number.
        if (fired.Zxid == -1 && _catchesUp)
            return;
        if (model.FirstChange(fired.Path, key.Item2, watch.Since) is not { } change || change != (fired.Zxid, fired.Type))
        {
            simulation.Complain(
                $"client {client} watches {fired.Path} since 0x{watch.Since:x}, and hears {fired.Type} of 0x{fired.Zxid:x}");
        }


        if (fired.Zxid < _last)
            simulation.Complain($"client {client} hears {fired.Type} {fired.Path} of 0x{fired.Zxid:x} after 0x{_last:x}");
    }

    private void OnReply(Operation reply)
    {
        if (reply.Zxid < _last)
            simulation.Complain($"client {client} is told 0x{reply.Zxid:x} after 0x{_last:x}: {reply}");
        _last = Math.Max(_last, reply.Zxid);
        if (reply.Op == OpCode.SetWatches)
        {
            _catchesUp = false;
            CatchUp(reply.Zxid);
        }

        foreach (var ((path, ofChildren), (_, since)) in _watches)
        {
            if (model.FirstChange(path, ofChildren, since) is { } change && change.Zxid <= reply.Zxid)
            {
                simulation.Complain(
                    $"client {client} watches {path} since 0x{since:x}, and is told 0x{reply.Zxid:x} before the {change.Type} of "
                    + $"0x{change.Zxid:x}");
                return;
            }
        }

        if (reply.Watch)
            Add(reply);
    }

    private void Add(Operation read)
    {
        var list = new WatchList();
        if (list.OnReply(read) is { } kind)
            _watches.TryAdd((read.Path, kind == WatchKind.Children), (kind, read.Zxid));
    }

    // Who waited for a znode that came and went meanwhile is not told of it.
    private void CatchUp(long zxid)
    {
        foreach (var (key, watch) in _watches.ToList())
        {
            if (watch.Kind == WatchKind.Absence && !model.Existed(key.Path, zxid))
                _watches[key] = (watch.Kind, zxid);
        }
    }
}
