using System.Globalization;
using System.Text;

namespace Quoll.Simulator;

/// <summary>What several runs came to together.</summary>
internal sealed class RunTotals
{
    private readonly SortedDictionary<string, int> _faults = new(StringComparer.Ordinal);
    private long _seconds;
    private long _operations;
    private long _answered;

    public void Add(Scenario scenario, int seconds)
    {
        _seconds += seconds;
        _operations += scenario.Operations;
        _answered += scenario.Answered;
        foreach (var (fault, count) in scenario.Faults)
            _faults[fault] = _faults.GetValueOrDefault(fault) + count;
    }

    public override string ToString()
    {
        var text = new StringBuilder();
        text.AppendLine(CultureInfo.InvariantCulture, $"{_seconds / 3600.0:F1} hours, {_operations} operations, {_answered} answered");
        foreach (var (fault, count) in _faults)
            text.AppendLine(CultureInfo.InvariantCulture, $"{count,8} {fault}");
        return text.ToString();
    }
}
