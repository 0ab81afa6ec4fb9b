using System.Diagnostics;
using System.Globalization;

namespace Quoll.Samples.MailCollectors;

/// <summary>
/// Who owns which partition, by the largest fencing token that was seen for it. The journal gets a line for each ownership when it is over:
/// the partition, the token, the worker, the first and the last time at which he was the owner, and how many accounts he collected.
/// </summary>
internal sealed class Ownerships(string journal) : IDisposable
{
    private readonly Lock _gate = new();
    private readonly StreamWriter _journal = new(journal);
    private readonly Ownership?[] _last = new Ownership?[Accounts.Partitions];
    private readonly Dictionary<string, Standing> _workers = [];

    /// <summary>Takes what a worker brings; false if another has come with a larger token.</summary>
    public bool TryAccept(string worker, Delivery delivery)
    {
        lock (_gate)
        {
            var last = _last[delivery.Partition];
            if (last is not null && delivery.Token < last.Token)
                return false;
            if (!_workers.TryGetValue(worker, out var standing))
                _workers.Add(worker, standing = new Standing());
            standing.LastHeard = Stopwatch.GetTimestamp();
            if (last is not null && delivery.Token == last.Token)
            {
                _last[delivery.Partition] = last with { Until = delivery.Time, Collected = last.Collected + delivery.Mail };
                return true;
            }

            _last[delivery.Partition] = new Ownership(worker, delivery.Token, delivery.Time, delivery.Time, delivery.Mail);
            standing.Partitions++;
            if (last is not null)
                End(delivery.Partition, last);
            return true;
        }
    }

    public void Dispose()
    {
        foreach (var (partition, ownership) in _last.Index())
        {
            if (ownership is not null)
                Write(partition, ownership);
        }

        _journal.Dispose();
    }

    private void End(int partition, Ownership ownership)
    {
        Write(partition, ownership);
        var former = _workers[ownership.Worker];
        if (--former.Partitions > 0)
            return;
        var since = Stopwatch.GetElapsedTime(former.LastHeard).TotalSeconds.ToString("0.0", CultureInfo.InvariantCulture);
        Console.WriteLine($"all accounts of {ownership.Worker} are owned by others, {since} s after it was last heard of");
    }

    private void Write(int partition, Ownership ended) =>
        _journal.WriteLine($"{partition} {ended.Token} {ended.Worker} {ended.From} {ended.Until} {ended.Collected}");

    private sealed record Ownership(string Worker, long Token, long From, long Until, long Collected);

    private sealed class Standing
    {
        public int Partitions { get; set; }

        public long LastHeard { get; set; }
    }
}
