using System.Diagnostics;

namespace Quoll.Fuzz;

/// <summary>Ends the program when one input takes far too long, and saves that input: a loop without end can't be told otherwise.</summary>
internal sealed class HangWatch : IDisposable
{
    private const int FoundHang = 1;
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);
    private readonly string _directory;
    private readonly Timer _timer;
    private readonly Lock _gate = new();
    private byte[] _input = [];
    private long _began = Stopwatch.GetTimestamp();

    public HangWatch(string directory)
    {
        _directory = directory;
        _timer = new Timer(_ => Look(), null, TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(1));
    }

    public void Begin(byte[] input)
    {
        lock (_gate)
            (_input, _began) = (input, Stopwatch.GetTimestamp());
    }

    public void Dispose() => _timer.Dispose();

    private void Look()
    {
        lock (_gate)
        {
            if (Stopwatch.GetElapsedTime(_began) < Limit)
                return;
            Console.WriteLine(Corpus.Save(_directory, "hang", _input));
            Console.WriteLine($"not done within {Limit.TotalSeconds} s");
            Environment.Exit(FoundHang);
        }
    }
}
