using Quoll.Client;

namespace Quoll.Extensions;

/// <summary>A client's options as configuration has them: each can be set in a section, and has the client's default.</summary>
public sealed class ZooKeeperSettings
{
    /// <inheritdoc cref="ZooKeeperClientOptions.ConnectionString"/>
    public string ConnectionString { get; set; } = "";

    /// <inheritdoc cref="ZooKeeperClientOptions.SessionTimeout"/>
    public TimeSpan SessionTimeout { get; set; } = TimeSpan.FromSeconds(30);

    /// <inheritdoc cref="ZooKeeperClientOptions.ConnectTimeout"/>
    public TimeSpan ConnectTimeout { get; set; } = TimeSpan.FromSeconds(5);

    /// <inheritdoc cref="ZooKeeperClientOptions.RequestTimeout"/>
    public TimeSpan RequestTimeout { get; set; } = TimeSpan.FromSeconds(15);

    /// <inheritdoc cref="ZooKeeperClientOptions.AllowReadOnly"/>
    public bool AllowReadOnly { get; set; }

    /// <summary>A user and a password for the scheme <c>digest</c>, with a colon between; none if null.</summary>
    public string? Digest { get; set; }

    /// <summary>What configuration has no words for: takes the options as they came out, and gives them as they shall be.</summary>
    public Func<ZooKeeperClientOptions, ZooKeeperClientOptions>? Adjust { get; set; }

    internal ZooKeeperClientOptions ToOptions()
    {
        var options = new ZooKeeperClientOptions
        {
            ConnectionString = ConnectionString,
            SessionTimeout = SessionTimeout,
            ConnectTimeout = ConnectTimeout,
            RequestTimeout = RequestTimeout,
            AllowReadOnly = AllowReadOnly,
            Credentials = Digest is null ? [] : [new Credential("digest", System.Text.Encoding.UTF8.GetBytes(Digest))],
        };
        return Adjust is null ? options : Adjust(options);
    }
}
