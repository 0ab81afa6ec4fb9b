using System.Globalization;

namespace Quoll.Interop.Crash;

/// <summary>One connection that writes as fast as it may, until the server dies.</summary>
internal sealed class Loader(int port, RawSession session, Ledger ledger, string name, int counterValue)
{
    public const string Singles = "/crash/singles";
    public const string Sequential = "/crash/sequential";
    public const string Pairs = "/crash/pairs";
    public const string Ephemerals = "/crash/ephemerals";

    // How many requests wait for their reply at any time.
    private const int Window = 8;

    // Every so many turns another session comes and goes.
    private const int LeaveEvery = 40;

    private int _counterValue = counterValue;

    public static string CounterPath(int loader) => $"/crash/counter-{loader}";

    /// <summary>Ends when the connection breaks; any other end is a failure.</summary>
    public async Task RunAsync(string counter)
    {
        var waiting = new Queue<Task>();
        try
        {
            for (var turn = 0; ; turn++)
            {
                waiting.Enqueue(WriteAsync(turn, counter));
                if (waiting.Count == Window)
                    await waiting.Dequeue();
            }
        }
        catch (IOException)
        {
            // What was answered before the end counts, and what went wrong in it must be told.
            await Task.WhenAll(waiting.Select(EndedByCrashAsync));
        }
    }

    private static async Task EndedByCrashAsync(Task write)
    {
        try
        {
            await write;
        }
        catch (IOException)
        {
            // No answer: the write may have happened or not.
        }
    }

    private Task WriteAsync(int turn, string counter) => (turn % 5) switch
    {
        _ when turn % LeaveEvery == LeaveEvery - 1 => LeaveAsync($"{Ephemerals}/leaves-{name}-{turn}"),
        0 => CreateAsync($"{Singles}/{name}-{turn}", deletesIt: turn % 3 == 0),
        1 => CreateSequentialAsync(deletesIt: turn % 3 == 0),
        2 => CreatePairAsync($"{Pairs}/a-{name}-{turn}", $"{Pairs}/b-{name}-{turn}"),
        _ => CountAsync(counter),
    };

    private async Task CreateAsync(string path, bool deletesIt)
    {
        var reply = await session.CreateAsync(path, path);
        AssertDone(reply, path);
        ledger.NoteCreated(path, reply.Zxid);
        if (deletesIt)
            await DeleteAsync(path);
    }

    private async Task CreateSequentialAsync(bool deletesIt)
    {
        var reply = await session.CreateAsync($"{Sequential}/n-", name, flags: 2);
        AssertDone(reply, Sequential);
        var path = new JuteParser(reply.Body.Span).String();
        ledger.NoteSequential(path, reply.Zxid);
        if (deletesIt)
            await DeleteAsync(path);
    }

    private async Task DeleteAsync(string path)
    {
        ledger.ExpectDeletion(path);
        var reply = await session.DeleteAsync(path);
        AssertDone(reply, path);
        ledger.NoteDeleted(path, reply.Zxid);
    }

    private async Task CreatePairAsync(string one, string other)
    {
        var reply = await session.CreateBothAsync(one, other);
        AssertDone(reply, one);

        // A multi that failed has no error in its header, but in its results: their type is -1, a creation's 1.
        Assert.Equal(1, new JuteParser(reply.Body.Span).Int());
        ledger.NotePair(one, other, reply.Zxid);
    }

    // A session that closes takes its ephemeral with it.
    private async Task LeaveAsync(string path)
    {
        using var leaving = await RawSession.OpenAsync(port);
        var created = await leaving.CreateAsync(path, path, flags: 1);
        AssertDone(created, path);
        ledger.NoteCreated(path, created.Zxid);
        ledger.ExpectDeletion(path);
        var closed = await leaving.CloseAsync();
        AssertDone(closed, path);
        ledger.NoteDeleted(path, closed.Zxid);
    }

    private async Task CountAsync(string counter)
    {
        var value = ++_counterValue;
        var reply = await session.SetAsync(counter, value.ToString(CultureInfo.InvariantCulture), value - 1);
        AssertDone(reply, counter);
        ledger.NoteCounter(counter, value, reply.Zxid);
    }

    private static void AssertDone(Reply reply, string path) => Assert.True(reply.Error == 0, $"{path}: error {reply.Error}");
}
