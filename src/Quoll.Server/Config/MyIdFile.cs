using System.Globalization;
using Quoll.Core.Quorum;

namespace Quoll.Server.Config;

/// <summary>The file <c>myid</c> in dataDir: the number by which a server finds itself in the list of servers.</summary>
internal static class MyIdFile
{
    public const string Name = "myid";

    /// <summary>With extended types, the top byte of a session id above this one would mean something else.</summary>
    private const int LargestWithExtendedTypes = 0xfe;

    private const int LongestNumber = 64;

    /// <summary>Reads it; null, and an error, if it names no server of the ensemble.</summary>
    public static long? Read(ServerConfig config, EnsembleConfig ensemble, Setting at, ConfigReport report)
    {
        var path = Path.Combine(config.Storage.DataDir, Name);
        var servers = string.Join(", ", ensemble.Members.Keys.Order());
        string? text;
        try
        {
            using var reader = new StreamReader(path);
            var start = new char[LongestNumber];
            text = new string(start, 0, reader.ReadBlock(start)).Split('\n')[0].Trim();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            report.Error(at, $"{path} can't be read: {e.Message} It holds the number of this server, one of {servers}");
            return null;
        }

        if (!long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var id))
            return Fail($"{path} says '{text}': expected the number of this server, one of {servers}");
        if (!ensemble.Members.ContainsKey(id))
            return Fail($"{path} says {id}, and there is no server.{id}: the servers are {servers}");
        if (config.Tree.ExtendedTypes && id is < 0 or > LargestWithExtendedTypes)
            return Fail($"{path} says {id}: with extendedTypesEnabled=true the largest is {LargestWithExtendedTypes}");
        return id;

        long? Fail(string what)
        {
            report.Error(at, what);
            return null;
        }
    }
}
