using Quoll.Recipes.Watching;

namespace Quoll.Recipes.Caches;

/// <summary>What a cache has to read anew. A path that changes often while it waits stands there once, and never more than a bound: then
/// all is to be read.</summary>
internal sealed class TreeInbox(int capacity)
{
    private readonly Lock _gate = new();
    private readonly Pulse _pulse = new();
    private SortedSet<string> _paths = new(StringComparer.Ordinal);
    private bool _isAll;

    /// <summary>Whether all is to be read.</summary>
    public bool IsAll
    {
        get
        {
            lock (_gate)
                return _isAll;
        }
    }

    public void Add(string path)
    {
        lock (_gate)
        {
            if (_isAll || !_paths.Add(path))
                return;
            if (_paths.Count > capacity)
                SetAll();
        }

        _pulse.Set();
    }

    public void AddAll()
    {
        lock (_gate)
            SetAll();
        _pulse.Set();
    }

    /// <summary>What is to be read, parents before their children; null for all.</summary>
    public async ValueTask<IReadOnlyCollection<string>?> TakeAsync(CancellationToken cancellation)
    {
        while (true)
        {
            lock (_gate)
            {
                if (_isAll)
                {
                    _isAll = false;
                    return null;
                }

                if (_paths.Count > 0)
                {
                    var taken = _paths;
                    _paths = new SortedSet<string>(StringComparer.Ordinal);
                    return taken;
                }
            }

            await _pulse.WaitAsync(cancellation).ConfigureAwait(false);
        }
    }

    private void SetAll()
    {
        _isAll = true;
        _paths.Clear();
    }
}
