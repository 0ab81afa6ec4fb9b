using Quoll.Storage;

namespace Quoll.Testing.Hosting;

/// <summary>A disk in memory that outlives its server. It knows what was synced; a crash leaves that, and nothing else.</summary>
internal sealed class MemoryDisk : IDisk
{
    private readonly HashSet<string> _directories = [];
    private readonly List<(string Path, Content? Content)> _unsynced = [];
    private readonly Dictionary<string, Content> _syncedNames = [];
    private Dictionary<string, Content> _names = [];

    public IReadOnlyList<string> List(string directory) =>
    [
        .. _names.Keys.Where(path => DirectoryOf(path) == directory)
            .Select(path => path[(directory.Length + 1)..]).Order(StringComparer.Ordinal),
    ];

    public bool DirectoryExists(string directory) => _directories.Contains(directory);

    public void CreateDirectory(string directory) => _directories.Add(directory);

    public void SyncDirectory(string directory)
    {
        foreach (var (path, content) in _unsynced.Where(change => DirectoryOf(change.Path) == directory))
            Put(_syncedNames, path, content);
        _unsynced.RemoveAll(change => DirectoryOf(change.Path) == directory);
    }

    public IDiskFile Create(string path, bool direct = false)
    {
        if (!_names.TryGetValue(path, out var content))
            Change(path, content = new Content());
        content.Truncate(0);
        return content;
    }

    public IDiskFile Open(string path) => Find(path);

    public void Rename(string from, string to)
    {
        var content = Find(from);
        Change(from, null);
        Change(to, content);
    }

    public void Delete(string path)
    {
        Find(path);
        Change(path, null);
    }

    /// <summary>The power goes: what was not synced is lost, content and names.</summary>
    public void Crash()
    {
        _unsynced.Clear();
        _names = new Dictionary<string, Content>(_syncedNames);
        foreach (var content in _names.Values)
            content.Crash();
    }

    // The server's paths have slashes on every system but one.
    private static string DirectoryOf(string path) => path[..path.LastIndexOfAny(['/', '\\'])];

    private static void Put(Dictionary<string, Content> names, string path, Content? content)
    {
        if (content is null)
            names.Remove(path);
        else
            names[path] = content;
    }

    private void Change(string path, Content? content)
    {
        Put(_names, path, content);
        _unsynced.Add((path, content));
    }

    private Content Find(string path) => _names.GetValueOrDefault(path) ?? throw new FileNotFoundException($"{path} does not exist", path);

    /// <summary>What is in a file, twice: as it is, and as it was synced. They differ between two offsets only.</summary>
    private sealed class Content : IDiskFile
    {
        private byte[] _bytes = [];
        private byte[] _synced = [];
        private int _length;
        private int _syncedLength;
        private int _from = int.MaxValue;
        private int _to;

        public int Alignment => 1;

        public long Length => _length;

        public int Read(long offset, Span<byte> buffer)
        {
            var count = (int)Math.Clamp(_length - offset, 0, buffer.Length);
            if (count > 0)
                _bytes.AsSpan((int)offset, count).CopyTo(buffer);
            return count;
        }

        public void Write(long offset, ReadOnlySpan<byte> bytes)
        {
            var end = checked((int)offset + bytes.Length);
            if (end > _length)
                SetLength(end);
            bytes.CopyTo(_bytes.AsSpan((int)offset));
            Mark((int)offset, end);
        }

        public bool TryReserve(long length)
        {
            if (length > _length)
                SetLength(checked((int)length));
            return true;
        }

        public void Truncate(long length) => SetLength((int)length);

        public void Sync() => Copy(ref _bytes, ref _synced, _length, ref _syncedLength);

        public void Crash() => Copy(ref _synced, ref _bytes, _syncedLength, ref _length);

        public void Dispose()
        {
            // There is nothing to close: the content stays.
        }

        private void SetLength(int length)
        {
            if (_bytes.Length < length)
                Array.Resize(ref _bytes, Math.Max(length, _bytes.Length * 2));
            var (least, most) = (Math.Min(length, _length), Math.Max(length, _length));
            _bytes.AsSpan(least, most - least).Clear();
            Mark(least, most);
            _length = length;
        }

        private void Copy(ref byte[] from, ref byte[] to, int length, ref int otherLength)
        {
            if (to.Length < from.Length)
                Array.Resize(ref to, from.Length);
            if (from.Length < to.Length)
                Array.Resize(ref from, to.Length);
            if (_from < _to)
                from.AsSpan(_from, _to - _from).CopyTo(to.AsSpan(_from));
            otherLength = length;
            (_from, _to) = (int.MaxValue, 0);
        }

        private void Mark(int from, int to) => (_from, _to) = (Math.Min(_from, from), Math.Max(_to, to));
    }
}
