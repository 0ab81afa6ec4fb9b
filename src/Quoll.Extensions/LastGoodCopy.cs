using System.Text.Json;
using System.Text.Json.Serialization;

namespace Quoll.Extensions;

/// <summary>Settings in a file, as they were when they were last read.</summary>
internal static class LastGoodCopy
{
    /// <summary>Null if there is no such file, or it is none of ours.</summary>
    public static Dictionary<string, string?>? TryRead(string file)
    {
        try
        {
            using var stream = File.OpenRead(file);
            var settings = JsonSerializer.Deserialize(stream, SettingsJson.Default.DictionaryStringString);
            return settings is null ? null : new Dictionary<string, string?>(settings, StringComparer.OrdinalIgnoreCase);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or JsonException)
        {
            return null;
        }
    }

    // Under another name first: who is killed in the midst leaves the old copy.
    public static void Write(string file, Dictionary<string, string?> settings)
    {
        var unfinished = file + ".tmp";
        using (var stream = File.Create(unfinished))
            JsonSerializer.Serialize(stream, settings, SettingsJson.Default.DictionaryStringString);
        File.Move(unfinished, file, overwrite: true);
    }
}

[JsonSourceGenerationOptions(WriteIndented = true)]
[JsonSerializable(typeof(Dictionary<string, string?>))]
internal sealed partial class SettingsJson : JsonSerializerContext;
