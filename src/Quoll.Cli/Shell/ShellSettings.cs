using System.CommandLine;
using System.Text;
using Quoll.Client;

namespace Quoll.Cli.Shell;

/// <summary>How results are written.</summary>
internal enum OutputFormat
{
    /// <summary>For people, and for scripts written for zkCli.</summary>
    Text,

    /// <summary>One JSON value for each command.</summary>
    Json,
}

/// <summary>How the bytes of a znode are written and read.</summary>
internal enum ByteFormat
{
    /// <summary>As UTF-8.</summary>
    Text,

    /// <summary>Two digits for each byte.</summary>
    Hex,

    /// <summary>As RFC 4648 has it.</summary>
    Base64,
}

/// <summary>The options that all commands on znodes have in common. At a prompt a line has those that the prompt was started with, where it
/// does not say otherwise itself.</summary>
internal sealed class ShellSettings
{
    private readonly Option<string> _server = new("--server")
    {
        Description = "The servers, host:port,host:port/chroot.",
        DefaultValueFactory = _ => Environment.GetEnvironmentVariable("QUOLL_SERVER") ?? "127.0.0.1:2181",
        HelpName = "list",
        Recursive = true,
    };

    private readonly Option<double> _timeout = new("--timeout")
    {
        Description = "How long to wait for a server, in seconds; also the session's timeout.",
        DefaultValueFactory = _ => 10,
        HelpName = "seconds",
        Recursive = true,
    };

    private readonly Option<string[]> _auth = new("--auth")
    {
        Description = "Who to be, as scheme:secret, such as digest:user:password. May be given more than once.",
        AllowMultipleArgumentsPerToken = false,
        HelpName = "identity",
        Recursive = true,
    };

    private readonly Option<OutputFormat> _format = new("--output", "-o")
    {
        Description = "How results are written.",
        DefaultValueFactory = _ => OutputFormat.Text,
        HelpName = "json|text",
        Recursive = true,
    };

    private readonly Option<ByteFormat> _bytes = new("--bytes")
    {
        Description = "How the data of znodes is written and read.",
        DefaultValueFactory = _ => ByteFormat.Text,
        HelpName = "text|hex|base64",
        Recursive = true,
    };

    private readonly Option<bool> _yes = new("--yes", "-y")
    {
        Description = "Do not ask before something is destroyed.",
        Arity = ArgumentArity.Zero,
        Recursive = true,
    };

    public ShellSettings()
    {
        // In the letters in which they are documented.
        foreach (var option in new Option[] { _format, _bytes })
        {
            option.CompletionSources.Clear();
            option.CompletionSources.Add(option.HelpName!.Split('|'));
        }
    }

    /// <summary>What the prompt was started with; null without one.</summary>
    public ParseResult? Start { get; set; }

    /// <summary>The servers that <c>connect</c> has named at the prompt; null for those that it was started with.</summary>
    public string? Server { get; set; }

    /// <summary>Adds them to a command and all below it.</summary>
    public void AddTo(Command command)
    {
        foreach (var option in new Option[] { _server, _timeout, _auth, _format, _bytes, _yes })
            command.Options.Add(option);
    }

    /// <summary>Adds those to a command that make sense without a server.</summary>
    public void AddOutputTo(Command command) => command.Options.Add(_format);

    public OutputFormat Format(ParseResult parsed) => Get(parsed, _format);

    public ByteFormat Bytes(ParseResult parsed) => Get(parsed, _bytes);

    public bool Yes(ParseResult parsed) => Get(parsed, _yes);

    /// <summary>The line says itself how to connect.</summary>
    public bool IsConnectionGiven(ParseResult parsed) =>
        new Option[] { _server, _timeout, _auth }.Any(option => IsGiven(parsed, option));

    /// <summary>How to connect.</summary>
    /// <exception cref="UsageException">An option is not as it must be.</exception>
    public ZooKeeperClientOptions Client(ParseResult parsed)
    {
        var patience = TimeSpan.FromSeconds(Get(parsed, _timeout));
        if (patience <= TimeSpan.Zero)
            throw new UsageException("--timeout must be more than 0.");
        var options = new ZooKeeperClientOptions
        {
            ConnectionString = IsGiven(parsed, _server) || Server is null ? Get(parsed, _server)! : Server,
            SessionTimeout = patience,
            RequestTimeout = patience,
            Credentials = [.. (Get(parsed, _auth) ?? []).Select(ToCredential)],
        };
        try
        {
            options.Validate();
        }
        catch (ArgumentException e)
        {
            throw new UsageException($"--server {options.ConnectionString}: {e.Message}");
        }

        return options;
    }

    private static bool IsGiven(ParseResult parsed, Option option) => parsed.GetResult(option) is { Implicit: false };

    private T? Get<T>(ParseResult parsed, Option<T> option) => (IsGiven(parsed, option) ? parsed : Start ?? parsed).GetValue(option);

    private static Credential ToCredential(string identity)
    {
        var colon = identity.IndexOf(':', StringComparison.Ordinal);
        return colon > 0
            ? new Credential(identity[..colon], Encoding.UTF8.GetBytes(identity[(colon + 1)..]))
            : throw new UsageException($"--auth {identity}: expected scheme:secret.");
    }
}

/// <summary>The command line asks for what cannot be.</summary>
internal sealed class UsageException(string message) : Exception(message);
