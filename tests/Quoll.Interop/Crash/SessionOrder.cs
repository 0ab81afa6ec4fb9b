namespace Quoll.Interop.Crash;

/// <summary>
/// What a session is told, in the order in which it is told, over all its connections: it never goes back, and of a change that is watched
/// the event comes before anything newer is seen there.
/// </summary>
internal sealed class SessionOrder
{
    private const int DataChanged = 3;
    private readonly Lock _gate = new();
    private readonly Dictionary<string, long> _read = [];
    private readonly Dictionary<string, long> _watched = [];

    public long LastZxid { get; private set; }

    public int Events { get; private set; }

    public List<string> Watched
    {
        get
        {
            lock (_gate)
                return [.. _watched.Keys];
        }
    }

    public void OnReply(Reply reply)
    {
        Assert.True(reply.Zxid >= LastZxid, $"a reply of {reply.Zxid:x} (error {reply.Error}) follows one of {LastZxid:x}");
        LastZxid = reply.Zxid;
    }

    public void OnRead(string path, long modifiedAt, bool watches)
    {
        lock (_gate)
        {
            var before = _read.GetValueOrDefault(path);
            Assert.True(modifiedAt >= before, $"{path} is read as of {modifiedAt:x}, and was of {before:x}");
            _read[path] = modifiedAt;
            var isWatched = _watched.TryGetValue(path, out var at);
            Assert.True(!isWatched || modifiedAt == at, $"{path} is read as of {modifiedAt:x}, and its watch of {at:x} has not fired");
            if (watches)
                _watched[path] = modifiedAt;
        }
    }

    public void OnEvent(Reply notification)
    {
        var parser = new JuteParser(notification.Body.Span);
        var (type, _, path) = (parser.Int(), parser.Int(), parser.String());
        lock (_gate)
        {
            Assert.Equal(DataChanged, type);
            Assert.True(_watched.Remove(path), $"an event of {path}, which is not watched");
            Events++;
        }
    }
}
