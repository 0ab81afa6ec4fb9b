using System.Diagnostics;

namespace Quoll.Interop.Servers;

/// <summary>How each kind of server is started on a configuration file.</summary>
internal static class ServerCommand
{
    private static readonly string[] Jars = ["zookeeper", "slf4j-simple", "netty-codec"];

    public static ProcessStartInfo For(ServerKind kind, string configFile) => kind switch
    {
        ServerKind.Apache => Apache(configFile),
        ServerKind.Quoll => new ProcessStartInfo(QuollProgram, ["serve", configFile]),
        _ => throw new UnreachableException(),
    };

    // The tests lie in <bin>/Quoll.Interop/<configuration>/, the program in <bin>/Quoll.Cli/<configuration>/.
    public static string QuollProgram
    {
        get
        {
            var tests = new DirectoryInfo(AppContext.BaseDirectory.TrimEnd(Path.DirectorySeparatorChar));
            return Path.Combine(tests.Parent!.Parent!.FullName, "Quoll.Cli", tests.Name, "quoll");
        }
    }

    private static ProcessStartInfo Apache(string configFile) => new("java",
    [
        "-Xmx512m",
        "-XX:+UseSerialGC",
        "-XX:TieredStopAtLevel=1",
        "-Dzookeeper.admin.enableServer=false",
        "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn",
        "-cp",
        string.Join(':', Jars.Select(jar => $"/usr/share/java/{jar}.jar")),
        "org.apache.zookeeper.server.quorum.QuorumPeerMain",
        configFile,
    ]);
}
