using System.Diagnostics;

namespace Quoll.Interop.Servers;

/// <summary>The last lines that a process wrote, for a failure's message. Bounded: a talkative program costs no memory.</summary>
internal sealed class OutputTail
{
    private const int MaxLines = 400;

    private readonly Lock _gate = new();
    private readonly Queue<string> _lines = new();

    public void Add(string line)
    {
        lock (_gate)
        {
            if (_lines.Count == MaxLines)
                _lines.Dequeue();

            _lines.Enqueue(line);
        }
    }

    public void Follow(Process process)
    {
        process.OutputDataReceived += (_, read) => AddIfAny(read.Data);
        process.ErrorDataReceived += (_, read) => AddIfAny(read.Data);
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
    }

    public void AddIfAny(string? line)
    {
        if (line is not null)
            Add(line);
    }

    public override string ToString()
    {
        lock (_gate)
            return string.Join('\n', _lines);
    }
}
