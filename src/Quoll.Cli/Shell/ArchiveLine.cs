using System.Text.Json;
using Quoll.Client;

namespace Quoll.Cli.Shell;

/// <summary>
/// A znode as a line of JSON: its path below the root, its data as text or else in base64 (null where there is none at all), and its
/// ACL unless it is open to all.
/// </summary>
internal static class ArchiveLine
{
    public static string Write(string below, Visited visited) => JsonAnswer.Write(json => json.Object(() =>
    {
        json.Writer.WriteString("path", below);
        json.Data(visited.IsDataNull ? null : visited.Data, ByteFormat.Text);
        if (!visited.Acl.SequenceEqual(AclEntry.Open))
            json.Writer.WriteString("acl", AclText.Join(visited.Acl));
    }));

    /// <exception cref="ShellException">It is no such line.</exception>
    public static (string Below, byte[] Data, CreateOptions Options) Read(string line, int number)
    {
        try
        {
            using var parsed = JsonDocument.Parse(line);
            var root = parsed.RootElement;
            var isBase64 = root.TryGetProperty("base64", out var data);
            if (!isBase64)
                data = root.GetProperty("data");
            var isNull = data.ValueKind == JsonValueKind.Null;
            var bytes = isNull ? [] : isBase64 ? data.GetBytesFromBase64() : ZnodeBytes.Read(data.GetString()!, ByteFormat.Text);
            var acl = root.TryGetProperty("acl", out var entries) ? AclText.Parse(entries.GetString()!) : AclEntry.Open;
            return (root.GetProperty("path").GetString()!, bytes, new() { Acl = acl, IsDataNull = isNull });
        }
        catch (Exception e) when (
            e is JsonException or KeyNotFoundException or InvalidOperationException or FormatException or UsageException)
        {
            throw new ShellException($"Line {number} is not one that export writes: {e.Message}");
        }
    }
}
