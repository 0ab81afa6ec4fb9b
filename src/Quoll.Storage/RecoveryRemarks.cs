using Quoll.Protocol;

namespace Quoll.Storage;

/// <summary>What a recovery passed over or put right, each a sentence; of very many, the first.</summary>
internal sealed class RecoveryRemarks
{
    private const int Most = 50;
    private readonly List<string> _sentences = [];
    private long _more;
    private (string Path, Zxid First, Zxid Last, Zxid After, long Count) _repeated;

    /// <summary>The first that was added; empty if none was.</summary>
    public string First => _sentences.FirstOrDefault("");

    public void Add(string sentence)
    {
        if (_sentences.Count < Most)
            _sentences.Add(sentence);
        else
            _more++;
    }

    /// <summary>A transaction that a log has again. All those of a file are one remark.</summary>
    public void AddRepeated(string path, Zxid zxid, Zxid after)
    {
        if (_repeated.Path != path)
        {
            AddRepeated();
            _repeated = (path, zxid, zxid, after, 0);
        }

        _repeated = _repeated with { Last = zxid, Count = _repeated.Count + 1 };
    }

    public IReadOnlyList<string> ToList()
    {
        AddRepeated();
        return _more == 0 ? [.. _sentences] : [.. _sentences, $"and {_more} remarks more"];
    }

    private void AddRepeated()
    {
        if (_repeated.Count > 0)
        {
            var (path, first, last, after, count) = _repeated;
            Add($"{path}: passed over {count} transactions, {first} to {last}, which come again after {after}");
        }

        _repeated = default;
    }
}
