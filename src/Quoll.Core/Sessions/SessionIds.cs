namespace Quoll.Core.Sessions;

/// <summary>
/// Makes session ids that no server ever made before: server, time, counter. The wall clock, unlike a clock that starts with the
/// machine, keeps them apart across restarts.
/// </summary>
internal sealed class SessionIds(long server, long wallClock)
{
    private long _next = (long)((ulong)wallClock << 24 >> 8) | (server << 56);

    public long Next()
    {
        if (_next == 0)
            _next++;
        return _next++;
    }
}
