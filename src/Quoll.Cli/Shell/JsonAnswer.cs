using System.Buffers;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using Quoll.Protocol.Records;

namespace Quoll.Cli.Shell;

/// <summary>Writes a result as one line of JSON.</summary>
internal sealed class JsonAnswer(Utf8JsonWriter writer)
{
    // Paths and data of all languages stay readable; nothing of it goes into a page of HTML.
    private static readonly JsonWriterOptions Options = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public Utf8JsonWriter Writer => writer;

    public static string Write(string text) => Write(json => json.Writer.WriteStringValue(text));

    public static string Write(Action<JsonAnswer> write)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var writer = new Utf8JsonWriter(buffer, Options))
            write(new JsonAnswer(writer));
        return Encoding.UTF8.GetString(buffer.WrittenSpan);
    }

    public void Object(Action write)
    {
        writer.WriteStartObject();
        write();
        writer.WriteEndObject();
    }

    public void Array<T>(IEnumerable<T> items, Action<T> write)
    {
        writer.WriteStartArray();
        foreach (var item in items)
            write(item);
        writer.WriteEndArray();
    }

    /// <summary>Texts by name, as a member that is an object.</summary>
    public void Fields(string name, IEnumerable<KeyValuePair<string, string>> fields)
    {
        writer.WriteStartObject(name);
        foreach (var (field, value) in fields)
            writer.WriteString(field, value);
        writer.WriteEndObject();
    }

    public void Strings(IEnumerable<string> items) => Array(items, writer.WriteStringValue);

    /// <summary>A znode's data as a member: by default as text where it is text, and else as base64; null where there is none at
    /// all.</summary>
    public void Data(byte[]? data, ByteFormat format)
    {
        if (data is null)
        {
            writer.WriteNull("data");
            return;
        }

        var name = format switch
        {
            ByteFormat.Hex => "hex",
            ByteFormat.Base64 => "base64",
            _ => ZnodeBytes.IsText(data) ? "data" : "base64",
        };
        writer.WriteString(name, ZnodeBytes.Write(data, name == "base64" ? ByteFormat.Base64 : format));
    }

    public void Stat(Stat stat)
    {
        writer.WriteStartObject("stat");
        writer.WriteNumber("czxid", stat.Czxid);
        writer.WriteNumber("mzxid", stat.Mzxid);
        writer.WriteNumber("pzxid", stat.Pzxid);
        writer.WriteString("ctime", StatText.Utc(stat.Ctime));
        writer.WriteString("mtime", StatText.Utc(stat.Mtime));
        writer.WriteNumber("version", stat.Version);
        writer.WriteNumber("cversion", stat.Cversion);
        writer.WriteNumber("aversion", stat.Aversion);
        writer.WriteString("ephemeralOwner", $"0x{stat.EphemeralOwner:x}");
        writer.WriteNumber("dataLength", stat.DataLength);
        writer.WriteNumber("numChildren", stat.NumChildren);
        writer.WriteEndObject();
    }
}
