using Quoll.Storage;

namespace Quoll.Tests.Storage;

/// <summary>
/// A disk in memory that tells what was synced from what was not. A crash keeps what was synced, and of the rest what chance
/// wants: content sector by sector, lengths, and names as far as a journal had come. Faults happen when they are asked for.
/// </summary>
internal sealed class MemoryDisk : IDisk
{
    public const int SectorSize = 512;
    private const int NoSpaceLeft = 28;
    private readonly HashSet<string> _directories = [];
    private readonly List<(string Path, Content? Content)[]> _unsyncedNames = [];
    private Dictionary<string, Content> _names = [];
    private readonly Dictionary<string, Content> _syncedNames = [];
    private int _life;

    /// <summary>What direct writes must be aligned to.</summary>
    public int DirectAlignment { get; set; } = 4096;

    /// <summary>Bytes that all files together may have.</summary>
    public long Capacity { get; set; } = long.MaxValue;

    /// <summary>Syncs, of files and directories, that still succeed; null for all.</summary>
    public int? SyncsLeft { get; set; }

    /// <summary>Writes that still succeed; null for all.</summary>
    public int? WritesLeft { get; set; }

    /// <summary>Names that can still be given, changed or taken; null for all.</summary>
    public int? NamesLeft { get; set; }

    /// <summary>Syncs of files so far.</summary>
    public int Syncs { get; private set; }

    public long Used => _names.Values.Distinct().Sum(content => content.Length);

    public IReadOnlyList<string> List(string directory) =>
    [
        .. _names.Keys.Where(path => Path.GetDirectoryName(path) == directory)
            .Select(path => Path.GetFileName(path)!).Order(StringComparer.Ordinal),
    ];

    public bool DirectoryExists(string directory) => _directories.Contains(directory);

    public void CreateDirectory(string directory) => _directories.Add(directory);

    public void SyncDirectory(string directory)
    {
        CountSync(directory);
        foreach (var change in _unsyncedNames)
        {
            if (Path.GetDirectoryName(change[0].Path) == directory)
                Apply(_syncedNames, change);
        }

        _unsyncedNames.RemoveAll(change => Path.GetDirectoryName(change[0].Path) == directory);
    }

    public IDiskFile Create(string path, bool direct = false)
    {
        var alignment = direct ? DirectAlignment : 1;
        if (_names.TryGetValue(path, out var existing))
        {
            existing.SetLength(0);
            return new MemoryFile(this, existing, path, alignment);
        }

        var content = new Content();
        Change([(path, content)]);
        return new MemoryFile(this, content, path, alignment);
    }

    public IDiskFile Open(string path) => new MemoryFile(this, Find(path), path, 1);

    public void Rename(string from, string to) => Change([(from, null), (to, Find(from))]);

    public void Delete(string path)
    {
        Find(path);
        Change([(path, null)]);
    }

    /// <summary>The power goes and comes back. Files opened before are of no use after it; faults are over.</summary>
    public void Crash(int seed)
    {
        var random = new Random(seed);
        _life++;
        SyncsLeft = WritesLeft = NamesLeft = null;
        foreach (var change in _unsyncedNames.Take(random.Next(_unsyncedNames.Count + 1)))
            Apply(_syncedNames, change);
        _unsyncedNames.Clear();
        _names = new Dictionary<string, Content>(_syncedNames);

        // Of some crashes nothing survives, of others all does.
        var chance = random.Next(4) switch { 0 => 0, 1 => 1, 2 => 0.9, _ => 0.5 };
        foreach (var content in _names.OrderBy(name => name.Key, StringComparer.Ordinal).Select(name => name.Value).Distinct())
            content.Crash(random, chance);
    }

    /// <summary>Another disk with the same files, all synced.</summary>
    public MemoryDisk Copy()
    {
        var copy = new MemoryDisk();
        foreach (var directory in _directories)
            copy.CreateDirectory(directory);
        foreach (var (path, content) in _names)
            copy.Put(path, content.Bytes.ToArray());
        return copy;
    }

    /// <summary>Another disk with what a crash is sure to leave.</summary>
    public MemoryDisk CopyOfSynced()
    {
        var copy = new MemoryDisk();
        foreach (var directory in _directories)
            copy.CreateDirectory(directory);
        foreach (var (path, content) in _syncedNames)
            copy.Put(path, content.SyncedBytes.ToArray());
        return copy;
    }

    public byte[] Get(string path) => Find(path).Bytes.ToArray();

    /// <summary>Gives a file this content, synced.</summary>
    public void Put(string path, byte[] bytes)
    {
        var content = new Content();
        content.Write(0, bytes);
        content.Sync();
        _names[path] = _syncedNames[path] = content;
    }

    public void FlipBit(string path, long bit)
    {
        var bytes = Get(path);
        bytes[bit / 8] ^= (byte)(1 << (int)(bit % 8));
        Put(path, bytes);
    }

    private static void Apply(Dictionary<string, Content> names, (string Path, Content? Content)[] change)
    {
        foreach (var (path, content) in change)
        {
            if (content is null)
                names.Remove(path);
            else
                names[path] = content;
        }
    }

    private void Change((string Path, Content? Content)[] change)
    {
        if (NamesLeft == 0)
            throw new IOException($"no change to the name {change[0].Path}");
        NamesLeft--;
        Apply(_names, change);
        _unsyncedNames.Add(change);
    }

    private Content Find(string path) => _names.GetValueOrDefault(path) ?? throw new FileNotFoundException($"{path} does not exist", path);

    private void CountSync(string path)
    {
        if (SyncsLeft == 0)
            throw new IOException($"sync of {path} failed");
        SyncsLeft--;
    }

    private void CountWrite(string path, long growth)
    {
        if (WritesLeft == 0)
            throw new IOException($"write to {path} failed");
        if (growth > 0 && Capacity != long.MaxValue && Used + growth > Capacity)
            throw new IOException($"no space left for {path}", NoSpaceLeft);
        WritesLeft--;
    }

    private sealed class MemoryFile(MemoryDisk disk, Content content, string path, int alignment) : IDiskFile
    {
        private readonly int _life = disk._life;

        public int Alignment { get; } = alignment;

        public long Length => Checked().Length;

        public int Read(long offset, Span<byte> buffer)
        {
            var bytes = Checked().Bytes;
            var count = (int)Math.Clamp(bytes.Length - offset, 0, buffer.Length);
            if (count > 0)
                bytes.Slice((int)offset, count).CopyTo(buffer);
            return count;
        }

        public void Write(long offset, ReadOnlySpan<byte> bytes)
        {
            if (offset % Alignment != 0 || bytes.Length % Alignment != 0)
                throw new IOException($"{bytes.Length} bytes at {offset} of {path} are not aligned to {Alignment}");
            disk.CountWrite(path, Checked().Length is var length ? offset + bytes.Length - length : 0);
            content.Write((int)offset, bytes);
        }

        public bool TryReserve(long length)
        {
            if (length <= Checked().Length)
                return true;
            if (disk.Capacity != long.MaxValue && disk.Used + length - content.Length > disk.Capacity)
                return false;
            content.SetLength((int)length);
            return true;
        }

        public void Truncate(long length) => Checked().SetLength((int)length);

        public void Sync()
        {
            Checked();
            disk.CountSync(path);
            disk.Syncs++;
            content.Sync();
        }

        public void Dispose()
        {
        }

        private Content Checked() =>
            _life == disk._life ? content : throw new InvalidOperationException($"{path} was opened before the crash");
    }

    /// <summary>What is in a file, twice: as it is, and as it was synced.</summary>
    private sealed class Content
    {
        private readonly HashSet<int> _dirty = [];
        private byte[] _bytes = [];
        private byte[] _synced = [];
        private int _syncedLength;

        public int Length { get; private set; }

        public ReadOnlySpan<byte> Bytes => _bytes.AsSpan(0, Length);

        public ReadOnlySpan<byte> SyncedBytes => _synced.AsSpan(0, _syncedLength);

        public void Write(int offset, ReadOnlySpan<byte> bytes)
        {
            if (offset + bytes.Length > Length)
                SetLength(offset + bytes.Length);
            bytes.CopyTo(_bytes.AsSpan(offset));
            MarkDirty(offset, offset + bytes.Length);
        }

        public void SetLength(int length)
        {
            if (_bytes.Length < length)
                Array.Resize(ref _bytes, Math.Max(length, _bytes.Length * 2));
            _bytes.AsSpan(Math.Min(length, Length)).Clear();
            MarkDirty(Math.Min(length, Length), Math.Max(length, Length));
            Length = length;
        }

        public void Sync()
        {
            Array.Resize(ref _synced, _bytes.Length);
            foreach (var sector in _dirty)
                Copy(_bytes, _synced, sector);
            _dirty.Clear();
            _syncedLength = Length;
        }

        public void Crash(Random random, double chance)
        {
            Array.Resize(ref _synced, _bytes.Length);
            foreach (var sector in _dirty.Order())
            {
                if (random.NextDouble() >= chance)
                    Copy(_synced, _bytes, sector);
            }

            // The length may be the old one, the new one, or end with any sector between.
            var (least, most) = (Math.Min(Length, _syncedLength), Math.Max(Length, _syncedLength));
            var length = random.Next(3) switch
            {
                0 => _syncedLength,
                1 => Length,
                _ => Math.Clamp(random.Next(least, most + 1) / SectorSize * SectorSize, least, most),
            };
            _bytes.AsSpan(length).Clear();
            Length = length;
            _synced = [.. _bytes];
            _syncedLength = length;
            _dirty.Clear();
        }

        private static void Copy(byte[] from, byte[] to, int sector)
        {
            var start = sector * SectorSize;
            var length = Math.Min(SectorSize, Math.Min(from.Length, to.Length) - start);
            if (length > 0)
                from.AsSpan(start, length).CopyTo(to.AsSpan(start));
        }

        private void MarkDirty(int from, int to)
        {
            for (var sector = from / SectorSize; sector * SectorSize < to; sector++)
                _dirty.Add(sector);
        }
    }
}
