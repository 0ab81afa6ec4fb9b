namespace Quoll.Samples.MailCollectors;

/// <summary>What was said last, for the foot of the table. Where there is no terminal it is written out at once.</summary>
internal sealed class LastWords
{
    private const int Most = 8;
    private readonly Lock _gate = new();
    private readonly Queue<string> _lines = [];

    public IReadOnlyList<string> Lines
    {
        get
        {
            lock (_gate)
                return [.. _lines];
        }
    }

    public void Add(string line)
    {
        if (Console.IsOutputRedirected)
        {
            Console.WriteLine(line);
            return;
        }

        lock (_gate)
        {
            _lines.Enqueue(line);
            if (_lines.Count > Most)
                _lines.Dequeue();
        }
    }
}
