using System.Text;
using Quoll.Interop.Servers;

namespace Quoll.Interop.Faults;

/// <summary>Bytes that are no frames: the connection that sent them is closed, and nothing else happens.</summary>
public sealed class BadFrameTests
{
    private const int LargestFrame = 0xfffff;

    /// <summary>Words in the place of a length, or lengths that may not be.</summary>
    private static readonly (string What, byte[] Bytes)[] NoFrames =
    [
        ("a length of -1", [0xff, 0xff, 0xff, 0xff]),
        ("the least length", [0x80, 0, 0, 0]),
        ("the greatest length", [0x7f, 0xff, 0xff, 0xff]),
        ("a length one too great", [0x00, 0x10, 0x00, 0x00]),
        ("an empty frame", [0, 0, 0, 0]),
        ("a question of HTTP", Encoding.ASCII.GetBytes("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")),
        ("a hello of TLS", ClientHello()),
        ("noise", Noise()),
    ];

    [Theory, EachServer]
    public async Task What_is_no_frame_closes_a_connection_that_has_no_session_yet(ServerKind kind)
    {
        await using var server = await ServerProcess.StartAsync(kind);
        using var witness = await Witness.OpenAsync(server);
        foreach (var (what, bytes) in NoFrames)
        {
            using var client = await WireClient.DialAsync(server.Port);
            await client.SendInVainAsync(bytes);
            Assert.True(await client.ReadToEndAsync() == 0, $"{what} was answered");
            await witness.CheckAsync();
        }
    }

    [Theory, EachServer]
    public async Task What_is_no_frame_closes_the_connection_and_leaves_its_session_alive(ServerKind kind)
    {
        await using var server = await ServerProcess.StartAsync(kind);
        using var witness = await Witness.OpenAsync(server);
        var client = await WireClient.OpenAsync(server.Port, timeout: 10_000);
        Assert.Equal(0, (await client.CreateAsync("/mine", [], flags: 1)).Error);
        foreach (var (what, bytes) in NoFrames.Append(("a four-letter word", "ruok"u8.ToArray())))
        {
            await client.SendInVainAsync(bytes);
            Assert.True(await client.ReadToEndAsync() == 0, $"{what} was answered");
            var next = await WireClient.OpenAsync(server.Port, timeout: 10_000, resumes: client);
            client.Dispose();
            Assert.True(next.SessionId == client.SessionId, $"{what} ended the session");
            client = next;
            Assert.True(await client.ExistsAsync("/mine"));
            await witness.CheckAsync();
        }

        await client.EndSessionAsync();
    }

    [Theory, EachServer]
    public async Task A_connect_request_that_ends_anywhere_gives_no_session(ServerKind kind)
    {
        await using var server = await ServerProcess.StartAsync(kind);
        using var witness = await Witness.OpenAsync(server);
        var whole = WireClient.ConnectRequest();

        // The last byte is the read-only flag, which old clients do not send.
        for (var length = 0; length < whole.Length - 1; length++)
        {
            // Once with the length of what there should be, and then the end; once with the length of what there is.
            using var broken = await WireClient.DialAsync(server.Port);
            await broken.SendAsync(whole.AsMemory(0, length));
            broken.FinishSending();
            Assert.Equal(0, await broken.ReadToEndAsync());

            using var shorter = await WireClient.DialAsync(server.Port);
            await shorter.SendInVainAsync(Frame(whole.AsSpan(4, Math.Max(0, length - 4))));
            Assert.Equal(0, await shorter.ReadToEndAsync());
        }

        await witness.CheckAsync();
    }

    [Theory, EachServer]
    public async Task A_request_that_ends_anywhere_is_not_carried_out(ServerKind kind)
    {
        await using var server = await ServerProcess.StartAsync(kind);
        using var witness = await Witness.OpenAsync(server);
        using var first = await WireClient.OpenAsync(server.Port);
        var whole = first.Frame(1, body => body.String("/never").Buffer([1, 2, 3]).OpenAcl().Int(0));
        for (var length = 1; length < whole.Length; length++)
        {
            using var client = await WireClient.OpenAsync(server.Port);
            await client.SendAsync(whole.AsMemory(0, length));
            client.FinishSending();
            Assert.Equal(0, await client.ReadToEndAsync());
        }

        Assert.False(await first.ExistsAsync("/never"));
        await witness.CheckAsync();
    }

    [Theory, EachServer]
    public async Task A_frame_of_the_greatest_length_is_taken_and_one_byte_more_is_not(ServerKind kind)
    {
        await using var server = await ServerProcess.StartAsync(kind);
        using var witness = await Witness.OpenAsync(server);
        using var client = await WireClient.OpenAsync(server.Port);
        var around = client.Frame(1, body => body.String("/large").Buffer([]).OpenAcl().Int(0)).Length - 4;

        Assert.Equal(0, (await client.CreateAsync("/large", new byte[LargestFrame - around])).Error);
        Assert.Equal(LargestFrame - around, (await client.GetAsync("/large")).Body.Length - 4 - 68);

        var tooLarge = new byte[LargestFrame - around + 1];
        await client.SendInVainAsync(client.Frame(1, body => body.String("/larga").Buffer(tooLarge).OpenAcl().Int(0)));
        Assert.Equal(0, await client.ReadToEndAsync());
        Assert.Null(await witness.Session.GetAsync("/larga"));
        await witness.CheckAsync();
    }

    private static byte[] Frame(ReadOnlySpan<byte> payload) => new Crash.JuteBuilder().Buffer(payload).ToPayload();

    // A record of type 22 (handshake), version 3.1, with nothing of use in it.
    private static byte[] ClientHello() => [0x16, 3, 1, 2, 0, 1, 0, 1, 0xfc, 3, 3, .. new byte[500]];

    private static byte[] Noise()
    {
        var bytes = new byte[4096];
        new Random(20260711).NextBytes(bytes);
        bytes[0] |= 0x40;   // as a length, too great
        return bytes;
    }
}
