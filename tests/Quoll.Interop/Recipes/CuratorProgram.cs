using Quoll.Interop.Clients;

namespace Quoll.Interop.Recipes;

/// <summary>A program of ours on Curator, which Java compiles when it starts it.</summary>
internal static class CuratorProgram
{
    private static readonly string[] Jars =
    [
        "curator-x-discovery", "curator-recipes", "curator-framework", "curator-client", "zookeeper", "zookeeper-jute", "guava",
        "jackson-core", "jackson-databind", "jackson-annotations", "slf4j-api", "slf4j-nop", "netty-all", "snappy-java",
    ];

    public static ClientProgram Start(string source, string connectionString)
    {
        var classes = string.Join(':', Jars.Select(jar => $"/usr/share/java/{jar}.jar"));
        return ClientProgram.Start("java", "-cp", classes, ClientProgram.Source("java", source), connectionString);
    }
}
