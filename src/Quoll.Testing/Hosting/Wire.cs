namespace Quoll.Testing.Hosting;

/// <summary>One direction of a connection: what is sent arrives in order, after a delay if there is one.</summary>
internal sealed class Wire(EventLoop loop, Func<TimeSpan> delay)
{
    private long _lastDue;
    private int _underWay;

    public void Send(Action arrive)
    {
        var due = Math.Max(_lastDue, loop.Now + delay().Ticks);
        if (due <= loop.Now && _underWay == 0)
        {
            loop.Soon(arrive);
            return;
        }

        _underWay++;
        _lastDue = due;
        loop.At(due, () =>
        {
            _underWay--;
            arrive();
        });
    }
}
