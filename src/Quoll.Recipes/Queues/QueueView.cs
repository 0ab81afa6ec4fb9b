namespace Quoll.Recipes.Queues;

/// <summary>
/// The items of a queue as one consumer knows them, kept up to date by events. It may be wrong for a moment: whether an item is to be had,
/// the server says. Not for use by several threads.
/// </summary>
internal sealed class QueueView
{
    private readonly Dictionary<string, ItemName> _items = [];
    private readonly HashSet<string> _taken = [];
    private readonly SortedSet<ItemName> _ready = new(ItemName.Order);
    private readonly SortedSet<ItemName> _delayed = new(ItemName.Due);
    private bool _hasItems;
    private bool _hasTaken;

    public void ResetItems(IEnumerable<string> names)
    {
        _items.Clear();
        _ready.Clear();
        _delayed.Clear();
        _hasItems = true;
        foreach (var name in names)
            Add(name);
    }

    public void ResetTaken(IEnumerable<string> names)
    {
        string[] before = [.. _taken];
        _taken.Clear();
        _hasTaken = true;
        foreach (var name in before)
            Offer(name);
        foreach (var name in names)
            Take(name);
    }

    public void Add(string name)
    {
        if (ItemName.TryParse(name, out var item) && _items.TryAdd(name, item))
            Offer(name);
    }

    public void Remove(string name)
    {
        if (_items.Remove(name, out var item))
            Withhold(item);
    }

    public void Take(string name)
    {
        if (_taken.Add(name) && _items.TryGetValue(name, out var item))
            Withhold(item);
    }

    public void GiveBack(string name)
    {
        if (_taken.Remove(name))
            Offer(name);
    }

    /// <summary>The item whose turn it is; null if there is none, or not all is known yet.</summary>
    /// <param name="now">In milliseconds since 1970.</param>
    /// <param name="due">When the next of the delayed items may be handed out; null if there is none.</param>
    public ItemName? Next(long now, out long? due)
    {
        due = null;
        if (!_hasItems || !_hasTaken)
            return null;
        while (_delayed.Count > 0 && _delayed.Min.NotBefore <= now)
        {
            var item = _delayed.Min;
            _delayed.Remove(item);
            _ready.Add(item);
        }

        if (_ready.Count > 0)
            return _ready.Min;
        if (_delayed.Count > 0)
            due = _delayed.Min.NotBefore;
        return null;
    }

    private void Offer(string name)
    {
        if (_items.TryGetValue(name, out var item) && !_taken.Contains(name))
            _ = item.NotBefore > 0 ? _delayed.Add(item) : _ready.Add(item);
    }

    private void Withhold(ItemName item)
    {
        _ready.Remove(item);
        _delayed.Remove(item);
    }
}
