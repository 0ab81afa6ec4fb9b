using Quoll.Protocol.Jute;
using Quoll.Protocol.Records;

namespace Quoll.Client.Requests;

/// <summary>Bodies that several requests share.</summary>
internal static class Bodies
{
    public static void WriteRead(scoped ref JuteWriter writer, Request request, Span<byte> room)
    {
        writer.Write(new ReadRequest(Paths.Encode(request.Root, request.Path!, room), request.Watch is not null));
    }

    public static void WritePath(scoped ref JuteWriter writer, Request request, Span<byte> room)
    {
        writer.Write(new PathRequest(Paths.Encode(request.Root, request.Path!, room)));
    }

    public static string[] Texts(JuteVector<JuteBytes> vector)
    {
        var texts = new string[vector.Count];
        var at = 0;
        foreach (var text in vector)
            texts[at++] = text.ToString();
        return texts;
    }
}
