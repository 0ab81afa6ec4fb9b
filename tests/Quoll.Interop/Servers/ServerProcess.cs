using System.Diagnostics;
using System.Net;
using Quoll.Interop.Clients;

namespace Quoll.Interop.Servers;

/// <summary>A server as a real process on a loopback port, with a data directory of its own.</summary>
internal sealed class ServerProcess : IAsyncDisposable
{
    /// <summary>The password of the user <c>super</c> on every server started here.</summary>
    public const string SuperPassword = "secret";

    // SHA-1 of "super:secret", base64.
    private const string SuperDigest = "super:lK75jTNcA+U9vtVEw5vB51mj/w4=";

    private static readonly TimeSpan StartsWithin = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan StopsWithin = TimeSpan.FromSeconds(30);

    private readonly TempDirectory _home = new();
    private readonly OutputTail _output = new();
    private Process? _process;

    private readonly IReadOnlyDictionary<string, string> _environment;

    private ServerProcess(
        ServerKind kind, ServerPlace place, IReadOnlyDictionary<string, string> environment, IEnumerable<string> settings)
    {
        Kind = kind;
        Place = place;
        _environment = environment;
        Directory.CreateDirectory(DataDirectory);
        Configure(settings);
        AppDomain.CurrentDomain.ProcessExit += OnProcessExit;
    }

    public ServerKind Kind { get; private set; }

    public ServerPlace Place { get; }

    public int Port { get; } = LoopbackPorts.Free();

    public IPEndPoint EndPoint => new(Place.Address, Port);

    public string Address => EndPoint.ToString();

    public string DataDirectory => _home.File("data");

    /// <summary>Where snapshots and logs lie.</summary>
    public string VersionDirectory => Path.Combine(DataDirectory, "version-2");

    public string Output => $"---- {Kind} on {Address}\n{_output}";

    /// <summary>A server that does not run yet, with its directory and its port.</summary>
    public static ServerProcess Create(
        ServerKind kind, ServerPlace? place = null, IReadOnlyDictionary<string, string>? environment = null) =>
        new(kind, place ?? ServerPlace.Loopback, environment ?? new Dictionary<string, string>(), []);

    public static Task<ServerProcess> StartAsync(ServerKind kind, params string[] settings) =>
        StartAsync(kind, new Dictionary<string, string>(), settings);

    /// <summary>Starts a server with variables of its own beside those of this process.</summary>
    public static async Task<ServerProcess> StartAsync(
        ServerKind kind, IReadOnlyDictionary<string, string> environment, params string[] settings)
    {
        var server = new ServerProcess(kind, ServerPlace.Loopback, environment, settings);
        try
        {
            await server.StartAsync();
            return server;
        }
        catch
        {
            await server.DisposeAsync();
            throw;
        }
    }

    /// <summary>Starts another server, of any kind, on a copy of what this one left.</summary>
    public static async Task<ServerProcess> StartOnCopyAsync(ServerProcess of, ServerKind kind, params string[] settings)
    {
        var server = new ServerProcess(kind, ServerPlace.Loopback, of._environment, settings);
        try
        {
            Directory.CreateDirectory(server.VersionDirectory);
            foreach (var file in Directory.GetFiles(of.VersionDirectory))
                File.Copy(file, Path.Combine(server.VersionDirectory, Path.GetFileName(file)));
            await server.StartAsync();
            return server;
        }
        catch
        {
            await server.DisposeAsync();
            throw;
        }
    }

    /// <summary>Writes zoo.cfg anew; takes effect at the next start.</summary>
    public void Configure(IEnumerable<string> settings)
    {
        string[] always =
        [
            $"dataDir={DataDirectory}",
            $"clientPort={Port}",
            $"clientPortAddress={Place.Address}",
            "maxClientCnxns=0",
            "admin.enableServer=false",
            "4lw.commands.whitelist=*",
            "extendedTypesEnabled=true",
            $"DigestAuthenticationProvider.superDigest={SuperDigest}",
        ];
        var lines = always.Concat(settings).ToList();
        if (!lines.Exists(line => line.StartsWith("tickTime=", StringComparison.Ordinal)))
            lines.Add("tickTime=500");

        File.WriteAllLines(_home.File("zoo.cfg"), lines);
    }

    public async Task StartAsync()
    {
        Begin();
        await UntilServingAsync();
    }

    public Task UntilServingAsync() =>
        Deadline.UntilAsync(StartsWithin, $"{Kind} answers on {Address}", IsServingAsync, () => Output);

    /// <summary>Starts the process, and does not wait until it serves.</summary>
    public void Begin()
    {
        if (_process is not null)
            throw new InvalidOperationException("it runs already");

        var command = Place.Enter(ServerCommand.For(Kind, _home.File("zoo.cfg")));
        command.RedirectStandardOutput = true;
        command.RedirectStandardError = true;
        command.WorkingDirectory = _home.Path;
        foreach (var (name, value) in _environment)
            command.Environment[name] = value;

        _process = Process.Start(command)!;
        _output.Follow(_process);
    }

    public string ConfigFile => _home.File("zoo.cfg");

    /// <summary>Asks it to end, and waits until it has; the exit code is 0 where it did not run.</summary>
    public async Task<int> StopAsync()
    {
        if (_process is not { } process)
            return 0;

        Signals.Terminate(process);
        return await EndAsync();
    }

    /// <summary>Waits until it has ended, by itself or because it was asked to, and returns its exit code.</summary>
    public async Task<int> EndAsync()
    {
        var process = _process ?? throw new InvalidOperationException("it does not run");
        using var patience = new CancellationTokenSource(StopsWithin);
        try
        {
            await process.WaitForExitAsync(patience.Token);
        }
        catch (OperationCanceledException)
        {
            Kill();
            throw new TimeoutException($"{Kind} did not end within {StopsWithin.TotalSeconds} s\n{Output}");
        }

        var exitCode = process.ExitCode;
        Forget(process);
        return exitCode;
    }

    /// <summary>Ends it as a crash would: SIGKILL, no last words.</summary>
    public void Kill()
    {
        if (_process is not { } process)
            return;

        process.Kill();
        process.WaitForExit();
        Forget(process);
    }

    public bool Runs => _process is { HasExited: false };

    /// <summary>Stops it where it stands, until <see cref="Resume"/>.</summary>
    public void Suspend() => Signals.Suspend(_process!);

    public void Resume() => Signals.Resume(_process!);

    /// <summary>How many sockets it holds.</summary>
    public int OpenSockets() => ProcFiles.Sockets(_process!.Id);

    /// <summary>How much memory it takes.</summary>
    public long ResidentBytes() => ProcFiles.ResidentBytes(_process!.Id);

    /// <summary>Stops and starts it under a client that holds a session.</summary>
    public async Task RestartUnderAsync(ClientProgram client)
    {
        // Apache 3.8 leaves a connection that comes while it loads its data hanging: closing it trips over the database that is
        // not there yet. A client would then sit out its own timeout, as long as its session has to live. So it sleeps meanwhile.
        var sleeps = Kind == ServerKind.Apache;
        if (sleeps)
            client.Suspend();

        await StopAsync();
        await StartAsync();
        if (sleeps)
            client.Resume();

        client.Send("restarted");
    }

    /// <summary>Stops it and lets the other kind (or the same again) take over its directory and port.</summary>
    public async Task HandOverToAsync(ServerKind kind)
    {
        await StopAsync();
        Kind = kind;
        await StartAsync();
    }

    /// <summary>Returns once it has said this, in the lines that are kept.</summary>
    public Task UntilSaidAsync(string text) => UntilAsync(
        $"it says: {text}", () => Output.Contains(text, StringComparison.Ordinal));

    public Task UntilAsync(string what, Func<bool> holds) =>
        Deadline.UntilAsync(StartsWithin, $"{Address}: {what}", () => Task.FromResult(holds()), () => Output);

    public Task<string> AskAsync(string word) => Handshake.AskAsync(EndPoint, word);

    public ValueTask DisposeAsync()
    {
        AppDomain.CurrentDomain.ProcessExit -= OnProcessExit;
        Kill();
        _home.Dispose();
        return ValueTask.CompletedTask;
    }

    private async Task<bool> IsServingAsync()
    {
        if (_process is { HasExited: true } ended)
        {
            // The handlers of the last lines run before this returns, so that the message has them.
            await ended.WaitForExitAsync();
            throw new InvalidOperationException($"{Kind} ended with {ended.ExitCode} instead of serving\n{Output}");
        }

        return await Handshake.IsAnsweredAsync(EndPoint);
    }

    private void OnProcessExit(object? sender, EventArgs e) => Kill();

    private void Forget(Process process)
    {
        process.Dispose();
        _process = null;
    }
}
