using System.CommandLine;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Console;
using Quoll.Server;
using Quoll.Server.Config;
using Quoll.Storage;

namespace Quoll.Cli;

/// <summary><c>quoll serve</c>: runs a server until it is told to stop.</summary>
internal static class ServeCommand
{
    public static Command Create()
    {
        var file = new Argument<string?>("file")
        {
            Arity = ArgumentArity.ZeroOrOne,
            Description = "Apache ZooKeeper's zoo.cfg. Without it: data in ./quoll-data, port 2181 on loopback.",
        };
        var set = new Option<string[]>("--set")
        {
            Description = "A setting, key=value, over what the file says. May be given more than once.",
            AllowMultipleArgumentsPerToken = false,
        };
        var level = new Option<LogLevel>("--log-level")
        {
            Description = "Least level of what is logged.",
            DefaultValueFactory = _ => LogLevel.Information,
        };
        var command = new Command(
            "serve",
            "Run a server. SIGTERM or Ctrl+C stops it cleanly.\nquoll serve /etc/zookeeper/conf/zoo.cfg --set dataDir=/data")
        {
            file, set, level,
        };
        command.SetAction((result, _) => RunAsync(result.GetValue(file), result.GetValue(set) ?? [], result.GetValue(level)));
        return command;
    }

    private static async Task<int> RunAsync(string? file, string[] settings, LogLevel level)
    {
        using var loggers = LoggerFactory.Create(logging => logging
            .SetMinimumLevel(level)
            .AddFilter("Microsoft", LogLevel.Warning)
            .AddSimpleConsole(console =>
            {
                console.SingleLine = true;
                console.TimestampFormat = "yyyy-MM-dd HH:mm:ss.fff ";
                console.UseUtcTimestamp = true;
                console.ColorBehavior = Console.IsOutputRedirected ? LoggerColorBehavior.Disabled : LoggerColorBehavior.Default;
            }));
        if (!TrySplit(settings, out var overrides))
            return ExitCode.Usage;
        var read = ServerConfigReader.Read(file, overrides);
        var logger = loggers.CreateLogger("Quoll.Server");
        foreach (var warning in read.Warnings)
            logger.ConfigWarning(warning.ToString());
        if (read.Config is not { } config)
        {
            foreach (var error in read.Errors)
                await Console.Error.WriteLineAsync($"quoll: {error}");
            return ExitCode.Usage;
        }

        return await ServeAsync(config, loggers);
    }

    private static bool TrySplit(string[] settings, out List<KeyValuePair<string, string>> overrides)
    {
        overrides = [];
        foreach (var setting in settings)
        {
            var equals = setting.IndexOf('=', StringComparison.Ordinal);
            if (equals <= 0)
            {
                Console.Error.WriteLine($"quoll: --set {setting}: expected key=value");
                return false;
            }

            overrides.Add(new(setting[..equals].Trim(), setting[(equals + 1)..].Trim()));
        }

        return true;
    }

    private static async Task<int> ServeAsync(ServerConfig config, ILoggerFactory loggers)
    {
        var stop = new TaskCompletionSource();
        using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop);
        using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Stop);
        await using var host = new ServerHost(config, loggers);
        try
        {
            await host.StartAsync();
        }
        catch (StorageException e)
        {
            await Console.Error.WriteLineAsync($"quoll: {e.Message}");
            return ExitCode.DataDirectory;
        }
        catch (Exception e) when (e is IOException or SocketException)
        {
            if (config.Quorum.HasOthers)
            {
                await Console.Error.WriteLineAsync($"quoll: a port can't be opened: {e.Message}");
                return ExitCode.Port;
            }

            var port = config.Listen.Address is { } address ? $"{config.Listen.Port} of {address}" : $"{config.Listen.Port}";
            await Console.Error.WriteLineAsync($"quoll: the port {port} can't be opened: {e.Message}");
            return ExitCode.Port;
        }

        await Task.WhenAny(stop.Task, host.Failed);
        if (host.Failed.IsCompleted)
            return ExitCode.Failed;
        await host.StopAsync();
        return host.Failed.IsCompleted ? ExitCode.Failed : ExitCode.Clean;

        void Stop(PosixSignalContext context)
        {
            context.Cancel = true;
            stop.TrySetResult();
        }
    }
}
