using System.Text;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Quoll.Client;
using Quoll.Recipes;

namespace Quoll.Extensions;

/// <summary>
/// Configuration from znodes. What was read once stays until something else was read: a lost connection, an ended session and a znode that
/// somebody deleted, though it must be there, change nothing.
/// </summary>
internal sealed class ZooKeeperConfigurationProvider : ConfigurationProvider, IDisposable
{
    private readonly string _path;
    private readonly ZooKeeperConfigurationOptions _options;
    private readonly ILogger _logger;
    private readonly CancellationTokenSource _stop = new();
    private ZooKeeperClient? _client;
    private TreeCache? _cache;
    private Task _following = Task.CompletedTask;

    public ZooKeeperConfigurationProvider(string path, ZooKeeperConfigurationOptions options)
    {
        (_path, _options) = (path, options);
        _logger = (ILogger?)options.LoggerFactory?.CreateLogger<ZooKeeperConfigurationProvider>() ?? NullLogger.Instance;
    }

    private TimeProvider Time => _client!.Options.TimeProvider;

    // The framework loads configuration in the midst of a start and has no way to wait but this.
    public override void Load()
    {
        if (_client is not null)
            return;
        Task.Run(LoadAsync).GetAwaiter().GetResult();
    }

    public void Dispose()
    {
        _stop.Cancel();
        _ = CloseAsync();
    }

    private async Task LoadAsync()
    {
        var options = _options.Client.ToOptions();
        _client = new ZooKeeperClient(options with { LoggerFactory = options.LoggerFactory ?? _options.LoggerFactory });
        _cache = new TreeCache(_client, _path);
        try
        {
            await _cache.Ready.WaitAsync(_options.LoadTimeout, Time, _stop.Token).ConfigureAwait(false);
            Take(_cache.Snapshot);
        }
        catch (TimeoutException)
        {
            var why = $"no server of '{options.ConnectionString}' told it within {_options.LoadTimeout.TotalSeconds} s.";
            if (!TryTakeLastGoodCopy(why) && !_options.Optional)
            {
                await CloseAsync().ConfigureAwait(false);
                throw new InvalidOperationException($"The configuration below {_path} was not read: {why}");
            }
        }

        if (_options.ReloadOnChange)
            _following = FollowAsync();
        else
            await CloseAsync().ConfigureAwait(false);
    }

    private async Task FollowAsync()
    {
        try
        {
            await foreach (var _ in _cache!.ObserveSnapshotsAsync(_stop.Token).ConfigureAwait(false))
            {
                await Task.Delay(_options.Debounce, Time, _stop.Token).ConfigureAwait(false);
                if (Take(_cache.Snapshot))
                    TellListeners();
            }
        }
        catch (OperationCanceledException) when (_stop.IsCancellationRequested)
        {
            // Disposed of.
        }
    }

    private void TellListeners()
    {
        try
        {
            OnReload();
        }
        catch (AggregateException e)
        {
            // What they can't use is theirs to mend, and perhaps the next change does.
            _logger.ListenerFailed(e, _path);
        }
    }

    // True if anything is another than before.
    private bool Take(TreeSnapshot snapshot)
    {
        if (snapshot.Root is not { } root)
        {
            if (_options.Optional)
                return Replace([]);
            if (Data.Count == 0 && !TryTakeLastGoodCopy($"{_path} does not exist"))
                throw new InvalidOperationException($"The configuration below {_path} was not read: there is no such znode.");
            _logger.ConfigurationNotRead(_path, "the znode does not exist");
            return false;
        }

        var settings = new Dictionary<string, string?>(StringComparer.OrdinalIgnoreCase);
        foreach (var (name, child) in root.Children)
            Add(name, child, settings);
        if (FindFault(settings) is { } fault)
        {
            if (Data.Count == 0 && !TryTakeLastGoodCopy(fault) && !_options.Optional)
                throw new InvalidOperationException($"The configuration below {_path} was not taken: {fault}");
            _logger.ConfigurationNotRead(_path, fault);
            return false;
        }

        if (!Replace(settings))
            return false;
        Keep(settings);
        return true;
    }

    // Whatever the program's own check throws means that the settings are not good.
    private string? FindFault(Dictionary<string, string?> settings)
    {
        try
        {
            _options.Check?.Invoke(new ConfigurationBuilder().AddInMemoryCollection(settings).Build());
            return null;
        }
        catch (Exception e)
        {
            return e.Message;
        }
    }

    private static void Add(string key, CachedZnode znode, Dictionary<string, string?> settings)
    {
        if (znode.Data.Length > 0)
            settings[key] = Encoding.UTF8.GetString(znode.Data.Span);
        foreach (var (name, child) in znode.Children)
            Add(ConfigurationPath.Combine(key, name), child, settings);
    }

    private bool Replace(Dictionary<string, string?> settings)
    {
        if (settings.Count == Data.Count && settings.All(setting => Data.TryGetValue(setting.Key, out var value) && value == setting.Value))
            return false;
        Data = settings;
        return true;
    }

    private bool TryTakeLastGoodCopy(string why)
    {
        if (_options.LastGoodCopy is not { } file || LastGoodCopy.TryRead(file) is not { } settings)
            return false;
        _logger.ConfigurationNotRead(_path, $"{why} It is taken from {file}.");
        Data = settings;
        return true;
    }

    private void Keep(Dictionary<string, string?> settings)
    {
        if (_options.LastGoodCopy is not { } file)
            return;
        try
        {
            LastGoodCopy.Write(file, settings);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // The settings are good all the same; the copy is of an earlier time.
            _logger.CopyNotWritten(file, e.Message);
        }
    }

    private async Task CloseAsync()
    {
        await _following.ConfigureAwait(false);
        if (_cache is not null)
            await _cache.DisposeAsync().ConfigureAwait(false);
        if (_client is not null)
            await _client.DisposeAsync().ConfigureAwait(false);
    }
}
