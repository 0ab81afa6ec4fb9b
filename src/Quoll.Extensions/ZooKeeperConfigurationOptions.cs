using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Logging;

namespace Quoll.Extensions;

/// <summary>How configuration is read from znodes.</summary>
public sealed class ZooKeeperConfigurationOptions
{
    /// <summary>The client that reads: it is made for this alone, since configuration comes before a program's services.</summary>
    public ZooKeeperSettings Client { get; } = new();

    /// <summary>Whether the program may start without it. If not, it is an error that the znode is not there or can't be read.</summary>
    public bool Optional { get; set; }

    /// <summary>Whether changes are taken in while the program runs.</summary>
    public bool ReloadOnChange { get; set; } = true;

    /// <summary>How long to wait after a change for those that come with it, so that they are taken in together.</summary>
    public TimeSpan Debounce { get; set; } = TimeSpan.FromMilliseconds(250);

    /// <summary>How long the program's start may wait for it.</summary>
    public TimeSpan LoadTimeout { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>Throws if the settings are not as they must be; such are not taken in, and what was read before stays. Nothing is checked
    /// if null.</summary>
    public Action<IConfiguration>? Check { get; set; }

    /// <summary>A file that keeps what was read last, for a start while no server can be reached; none if null.</summary>
    public string? LastGoodCopy { get; set; }

    /// <summary>Where the log goes; nowhere if null.</summary>
    public ILoggerFactory? LoggerFactory { get; set; }
}
