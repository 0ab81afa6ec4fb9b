using System.Runtime.InteropServices;

namespace Quoll.Cli;

/// <summary>
/// Ctrl+C and SIGTERM, which tell what runs to end, so that it gives back what it holds. A second one ends the process at once, unless
/// somebody else sees to it.
/// </summary>
internal sealed class EndSignals : IDisposable
{
    private readonly Lock _gate = new();
    private readonly CancellationTokenSource _all = new();
    private readonly PosixSignalRegistration[] _registrations;
    private CancellationTokenSource? _part;
    private bool _isOver;

    public EndSignals() => _registrations =
    [
        PosixSignalRegistration.Create(PosixSignal.SIGINT, OnSignal), PosixSignalRegistration.Create(PosixSignal.SIGTERM, OnSignal),
    ];

    /// <summary>Everything is to end.</summary>
    public CancellationToken Stop => _all.Token;

    /// <summary>Runs a part, which is all that Ctrl+C ends as long as it runs.</summary>
    public async Task<int> RunPartAsync(Func<CancellationToken, Task<int>> run)
    {
        using var part = CancellationTokenSource.CreateLinkedTokenSource(_all.Token);
        var outer = Set(part);
        try
        {
            return await run(part.Token);
        }
        finally
        {
            Set(outer);
        }
    }

    public void Dispose()
    {
        foreach (var registration in _registrations)
            registration.Dispose();
        lock (_gate)
            _isOver = true;
        _all.Dispose();
    }

    private CancellationTokenSource? Set(CancellationTokenSource? part)
    {
        lock (_gate)
        {
            var before = _part;
            _part = part;
            return before;
        }
    }

    private void OnSignal(PosixSignalContext context)
    {
        lock (_gate)
        {
            var told = context.Signal == PosixSignal.SIGINT && _part is not null ? _part : _all;
            if (_isOver || told.IsCancellationRequested)
                return;
            context.Cancel = true;

            // What goes on because of it does so elsewhere, and not under the lock.
            _ = told.CancelAsync();
        }
    }
}
