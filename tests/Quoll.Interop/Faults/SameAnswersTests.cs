using System.Buffers.Binary;
using Quoll.Interop.Crash;
using Quoll.Interop.Servers;

namespace Quoll.Interop.Faults;

/// <summary>Bytes of which there are too many kinds for a generator to meet them all: each is sent to both servers.</summary>
[Trait("server", "Quoll")]
public sealed class SameAnswersTests
{
    private const int Exists = 3;
    private const int SetData = 5;
    private const int Sync = 9;
    private const int AtOnce = 2000;

    // A check outside a multi ruins the log of 3.8. What servers alone may ask is refused by Quoll, and stands in docs/wire.md.
    private static readonly int[] LeftOut = [13, 20, -10];

    // Creates are left out: 3.8 does not survive the flags of one with the opcode of another.
    private static readonly int[] BodiesMatter =
        [2, 3, 4, 5, 6, 7, 8, 9, 11, 12, 14, 16, 17, 18, 22, 100, 101, 102, 103, 104, 105, 106, 107, -11];

    private static readonly byte[] Empty = [];

    private static readonly byte[][] Bodies =
    [
        new JuteBuilder().String("/").ToPayload(),
        new JuteBuilder().String("/none").Bool(true).ToPayload(),
        new JuteBuilder().String("/none").Int(7).ToPayload(),
        new JuteBuilder().String("/none").Buffer([1, 2, 3]).Int(-1).ToPayload(),
        new JuteBuilder().String("/none").OpenAcl().Int(-1).ToPayload(),
        new JuteBuilder().Int(4).Bool(false).Int(-1).String("/").Bool(false).Int(-1).Bool(true).Int(-1).ToPayload(),
        new JuteBuilder().Int(5).Bool(false).Int(-1).String("/nobody").Buffer([]).Int(-1).Int(-1).Bool(true).Int(-1).ToPayload(),
        new JuteBuilder().Long(0).Int(1).String("/none").Int(0).Int(1).String("/").ToPayload(),
        new JuteBuilder().Int(0).String("digest").Buffer([0xff, (byte)':']).ToPayload(),
        [.. Enumerable.Repeat((byte)0xff, 40)],
        new byte[40],
        [0, 0, 0, 100, 1],
        [0x7f, 0xff, 0xff, 0xff],
    ];

    [Fact]
    public Task A_request_without_a_body_gets_the_same_error_or_close_whatever_its_opcode() => CompareAsync(
        Enumerable.Range(-20, 160).Concat([int.MinValue, int.MaxValue, 0x01000000]).Except(LeftOut)
            .Select(opcode => (opcode, Body: Empty)));

    [Fact]
    public Task A_request_with_another_ones_body_gets_the_same_error_or_close() => CompareAsync(
        from opcode in BodiesMatter
        from body in Bodies
        select (opcode, body));

    private static async Task CompareAsync(IEnumerable<(int Opcode, byte[] Body)> requests)
    {
        await using var apache = await ServerProcess.StartAsync(ServerKind.Apache, "forceSync=no");
        await using var quoll = await ServerProcess.StartAsync(ServerKind.Quoll, "forceSync=no");
        using var witness = await Witness.OpenAsync(quoll);
        var differences = new List<string>();
        foreach (var (opcode, body) in requests)
        {
            var expected = await AnswerToAsync(apache, opcode, body);
            var answer = await AnswerToAsync(quoll, opcode, body);
            await witness.ReadAsync();
            if (expected != answer)
                differences.Add($"opcode {opcode} with {Convert.ToHexString(body)}: Apache's {expected}, Quoll's {answer}");
        }

        Assert.True(differences.Count == 0, string.Join('\n', differences));
        await witness.CheckAsync();
    }

    [Theory]
    [InlineData(-10)]
    [InlineData(20)]
    public async Task What_only_servers_may_ask_is_unknown(int opcode)
    {
        await using var quoll = await ServerProcess.StartAsync(ServerKind.Quoll);
        using var witness = await Witness.OpenAsync(quoll);
        Assert.Equal("error -6, closed", await AnswerToAsync(quoll, opcode, Empty));
        await witness.CheckAsync();
    }

    [Fact]
    public async Task Every_character_is_allowed_in_a_path_or_refused_as_by_Apaches_server()
    {
        // No znode has such a path: an allowed one is answered NoNode, and one that is not BadArguments.
        var paths = Enumerable.Range(0, 0x10000).Select(unit => Around(Utf8((uint)unit)))
            .Concat(Enumerable.Range(0, 0x110).Select(plane => Around(Utf8(0x10000 + ((uint)plane * 0x1000)))))
            .Concat(Broken());
        await CompareAsync(paths, SetData, (body, path) => body.Buffer(path).Buffer([1]).Int(-1));
    }

    [Fact]
    public async Task Bytes_that_are_no_text_come_back_as_from_Apaches_server() =>
        await CompareAsync(Broken(), Sync, (body, path) => body.Buffer(path));

    [Fact]
    public async Task Paths_that_are_no_text_name_nothing() =>
        await CompareAsync(Broken(), Exists, (body, path) => body.Buffer(path).Bool(false));

    private static async Task CompareAsync(IEnumerable<byte[]> paths, int opcode, Func<JuteBuilder, byte[], JuteBuilder> body)
    {
        await using var apache = await ServerProcess.StartAsync(ServerKind.Apache, "forceSync=no");
        await using var quoll = await ServerProcess.StartAsync(ServerKind.Quoll, "forceSync=no");
        using var left = await WireClient.OpenAsync(apache.Port);
        using var right = await WireClient.OpenAsync(quoll.Port);
        var differences = new List<string>();
        foreach (var some in paths.Chunk(AtOnce))
        {
            var answers = await Task.WhenAll(AskAsync(left, some, opcode, body), AskAsync(right, some, opcode, body));
            for (var i = 0; i < some.Length; i++)
            {
                if (answers[0][i] != answers[1][i])
                    differences.Add($"{Convert.ToHexString(some[i])}: {answers[0][i]} and {answers[1][i]}");
            }
        }

        Assert.True(differences.Count == 0, $"{differences.Count}, such as\n{string.Join('\n', differences.Take(20))}");
    }

    // Errors and bodies are compared; zxids are each server's own.
    private static async Task<string[]> AskAsync(
        WireClient client, byte[][] paths, int opcode, Func<JuteBuilder, byte[], JuteBuilder> body)
    {
        await client.SendAsync(paths.SelectMany(path => client.Frame(opcode, request => body(request, path))).ToArray());
        var answers = new string[paths.Length];
        for (var i = 0; i < answers.Length; i++)
        {
            var reply = await client.ReadReplyAsync();
            answers[i] = $"{reply.Error} {Convert.ToHexString(reply.Body.Span)}";
        }

        return answers;
    }

    private static async Task<string> AnswerToAsync(ServerProcess server, int opcode, byte[] body)
    {
        using var client = await WireClient.OpenAsync(server.Port);
        await client.SendAsync(client.Frame(opcode, request => request.Raw(body)));
        if (await client.ReadFrameAsync() is not { } frame)
            return "closed";

        var error = BinaryPrimitives.ReadInt32BigEndian(frame.AsSpan(12));

        return $"error {error}, {(await IsOpenAsync(client) ? "open" : "closed")}";
    }

    // An open connection answers every question; one that is being closed may have answered a few when its end comes.
    private static async Task<bool> IsOpenAsync(WireClient client)
    {
        for (var question = 0; question < 10; question++)
        {
            await client.SendInVainAsync(client.Frame(Exists, body => body.String("/").Bool(false)));
            if (await client.ReadFrameAsync() is null)
                return false;
        }

        return true;
    }

    private static byte[] Around(byte[] bytes) => [.. "/x"u8, .. bytes, .. "y"u8];

    // By the bits, so that surrogates are encoded too.
    private static byte[] Utf8(uint c) => c switch
    {
        < 0x80 => [(byte)c],
        < 0x800 => [(byte)(0xC0 | (c >> 6)), (byte)(0x80 | (c & 0x3F))],
        < 0x10000 => [(byte)(0xE0 | (c >> 12)), (byte)(0x80 | ((c >> 6) & 0x3F)), (byte)(0x80 | (c & 0x3F))],
        _ => [(byte)(0xF0 | (c >> 18)), (byte)(0x80 | ((c >> 12) & 0x3F)), (byte)(0x80 | ((c >> 6) & 0x3F)), (byte)(0x80 | (c & 0x3F))],
    };

    /// <summary>Every byte alone, every pair that begins like a character, and longer ones by chance.</summary>
    private static IEnumerable<byte[]> Broken()
    {
        for (var one = 0x80; one < 0x100; one++)
            yield return Around([(byte)one]);

        for (var one = 0xC0; one < 0x100; one++)
        {
            for (var two = 0; two < 0x100; two += one is 0xE0 or 0xED or 0xF0 or 0xF4 ? 1 : 5)
                yield return Around([(byte)one, (byte)two]);
        }

        var random = new Random(20260715);
        for (var i = 0; i < 10_000; i++)
        {
            var bytes = new byte[random.Next(2, 7)];
            random.NextBytes(bytes);
            bytes[0] |= 0xC0;
            for (var at = 1; at < bytes.Length; at++)
                bytes[at] = random.Next(3) == 0 ? bytes[at] : (byte)(0x80 | (bytes[at] & 0x3F));

            yield return Around(bytes);
        }
    }
}
