using System.Globalization;
using System.Text;
using Quoll.Core;

namespace Quoll.Server.Admin;

/// <summary>The answers to <c>wchs</c>, <c>wchc</c> and <c>wchp</c>. As in Apache's server they tell of data watches alone.</summary>
internal static class WatchReport
{
    public static string Summary(Introspection about)
    {
        var (connections, paths, watches) = about.DataWatches;
        return $"{connections} connections watching {paths} paths\nTotal watches:{watches}\n";
    }

    public static string ByConnection(Introspection about)
    {
        var text = new StringBuilder();
        foreach (var (client, paths) in about.WatchesByClient())
        {
            text.Append(CultureInfo.InvariantCulture, $"0x{client.SessionId:x}\n");
            foreach (var path in paths)
                text.Append('\t').Append(Encoding.UTF8.GetString(path)).Append('\n');
        }

        return text.Append('\n').ToString();
    }

    public static string ByPath(Introspection about)
    {
        var byPath = new SortedDictionary<string, List<long>>(StringComparer.Ordinal);
        foreach (var (client, paths) in about.WatchesByClient())
        {
            foreach (var path in paths)
            {
                var key = Encoding.UTF8.GetString(path);
                if (!byPath.TryGetValue(key, out var sessions))
                    byPath[key] = sessions = [];
                sessions.Add(client.SessionId);
            }
        }

        var text = new StringBuilder();
        foreach (var (path, sessions) in byPath)
        {
            text.Append(path).Append('\n');
            foreach (var session in sessions)
                text.Append(CultureInfo.InvariantCulture, $"\t0x{session:x}\n");
        }

        return text.Append('\n').ToString();
    }
}
