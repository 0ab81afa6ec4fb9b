using System.Globalization;
using System.Net;

namespace Quoll.Interop.Crash;

/// <summary>What a loader writes.</summary>
/// <param name="Name">In the names of all that it makes.</param>
/// <param name="Counter">Nobody else counts there.</param>
/// <param name="Value">The counter's.</param>
/// <param name="Shared">A counter on which others count, too.</param>
internal sealed record LoaderTask(string Name, string Counter, int Value, string? Shared = null);

/// <summary>One connection that writes as fast as it may, until the server dies.</summary>
internal sealed class Loader(IPEndPoint at, RawSession session, Ledger ledger, LoaderTask task, SessionPatience? patience = null)
{
    private const int BadVersion = -103;
    public const string Singles = "/crash/singles";
    public const string Sequential = "/crash/sequential";
    public const string Pairs = "/crash/pairs";
    public const string Ephemerals = "/crash/ephemerals";

    /// <summary>A counter on which all may count.</summary>
    public const string Shared = "/crash/counter-shared";

    // How many requests wait for their reply at any time.
    private const int Window = 8;

    // Every so many turns another session comes and goes.
    private const int LeaveEvery = 40;

    private readonly string _name = task.Name;
    private int _counterValue = task.Value;

    public static string CounterPath(int loader) => $"/crash/counter-{loader}";

    /// <summary>Ends when it is told to, or the connection breaks; any other end is a failure.</summary>
    public async Task RunAsync(CancellationToken stop = default)
    {
        var waiting = new Queue<Task>();
        try
        {
            for (var turn = 0; !stop.IsCancellationRequested; turn++)
            {
                waiting.Enqueue(WriteAsync(turn));
                if (waiting.Count == Window)
                    await waiting.Dequeue();
            }

            while (waiting.TryDequeue(out var last))
                await last;
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

    private Task WriteAsync(int turn) => (turn % 5) switch
    {
        _ when turn % LeaveEvery == LeaveEvery - 1 => LeaveAsync($"{Ephemerals}/leaves-{_name}-{turn}"),
        0 => CreateAsync($"{Singles}/{_name}-{turn}", deletesIt: turn % 3 == 0),
        1 => CreateSequentialAsync(deletesIt: turn % 3 == 0),
        2 => CreatePairAsync($"{Pairs}/a-{_name}-{turn}", $"{Pairs}/b-{_name}-{turn}"),
        3 when task.Shared is { } shared => ContendAsync(shared),
        _ => CountAsync(task.Counter),
    };

    private async Task CreateAsync(string path, bool deletesIt)
    {
        var reply = await DoAsync(path, () => session.CreateAsync(path, path));
        ledger.NoteCreated(path, reply.Zxid);
        if (deletesIt)
            await DeleteAsync(path);
    }

    private async Task CreateSequentialAsync(bool deletesIt)
    {
        var reply = await DoAsync(Sequential, () => session.CreateAsync($"{Sequential}/n-", _name, flags: 2));
        var path = new JuteParser(reply.Body.Span).String();
        ledger.NoteSequential(path, reply.Zxid);
        if (deletesIt)
            await DeleteAsync(path);
    }

    private async Task DeleteAsync(string path)
    {
        ledger.ExpectDeletion(path);
        var reply = await DoAsync(path, () => session.DeleteAsync(path));
        ledger.NoteDeleted(path, reply.Zxid);
    }

    private async Task CreatePairAsync(string one, string other)
    {
        var reply = await DoAsync(one, () => session.CreateBothAsync(one, other));

        // A multi that failed has no error in its header, but in its results: their type is -1, a creation's 1.
        Assert.Equal(1, new JuteParser(reply.Body.Span).Int());
        ledger.NotePair(one, other, reply.Zxid);
    }

    // A session that closes takes its ephemeral with it.
    private async Task LeaveAsync(string path)
    {
        using var leaving = await RawSession.OpenAsync(at, patience);
        var created = await DoAsync(path, () => leaving.CreateAsync(path, path, flags: 1));
        ledger.NoteCreated(path, created.Zxid);
        ledger.ExpectDeletion(path);
        var closed = await DoAsync(path, leaving.CloseAsync);
        ledger.NoteDeleted(path, closed.Zxid);
    }

    private async Task CountAsync(string counter)
    {
        var value = ++_counterValue;
        var reply = await DoAsync(counter, () => session.SetAsync(counter, value.ToString(CultureInfo.InvariantCulture), value - 1));
        ledger.NoteCounter(counter, value, reply.Zxid);
    }

    // Whoever sets it on the condition that it is as he has read it is the only one for that version.
    private async Task ContendAsync(string shared)
    {
        var state = (await session.WatchAsync(shared))!;
        ledger.NoteRead(shared, state);
        var before = ledger.HighestZxid;
        var next = state.Version + 1;
        var reply = await session.SetAsync(shared, next.ToString(CultureInfo.InvariantCulture), state.Version);
        if (reply.Error == BadVersion)
            return;
        AssertDone(reply, shared, before);
        ledger.NoteCounter(shared, next, reply.Zxid);
    }

    private async Task<Reply> DoAsync(string path, Func<Task<Reply>> request)
    {
        var before = ledger.HighestZxid;
        var reply = await request();
        AssertDone(reply, path, before);
        return reply;
    }

    // All that was acknowledged to anybody before it was asked for has a smaller number.
    private static void AssertDone(Reply reply, string path, long before)
    {
        RawSession.ThrowIfGone(reply);
        Assert.True(reply.Error == 0, $"{path}: error {reply.Error}");
        Assert.True(reply.Zxid > before, $"{path}: written at {reply.Zxid:x}, after {before:x} was acknowledged");
    }
}
