using System.Buffers.Binary;
using System.Text;
using Quoll.Interop.Crash;
using Quoll.Interop.Servers;

namespace Quoll.Interop.Faults;

/// <summary>The counter behind sequential names at the end of its range: an int, as Apache's servers have it.</summary>
public sealed class SequenceEndTests
{
    private const int NodeExists = -110;
    private const int Sequential = 2;
    private const int Last = int.MaxValue;

    [Theory, EachServer]
    public async Task At_its_end_the_counter_stays_and_names_are_taken_or_negative(ServerKind kind)
    {
        await using var server = await ServerProcess.StartAsync(kind, "digest.enabled=false");
        await RaiseCounterAsync(server, Last - 2);
        using var client = await WireClient.OpenAsync(server.Port);

        Assert.Equal("/p/n2147483645", await CreatedAsync(client, "/p/n"));
        Assert.Equal("/p/n2147483646", await CreatedAsync(client, "/p/n"));
        Assert.Equal("/p/n2147483647", await CreatedAsync(client, "/p/n"));

        // The parent keeps its counter: the next number is less.
        Assert.Equal($"error {NodeExists}", await CreatedAsync(client, "/p/n"));
        Assert.Equal("/p/m2147483647", await CreatedAsync(client, "/p/m"));

        // In one transaction the next number does follow.
        var both = await client.CallAsync(14, body => End(Part(Part(body, "/p/q"), "/p/q")));
        Assert.Equal(0, both.Error);
        Assert.Equal(["/p/q2147483647", "/p/q-2147483648"], PathsOf(both));
        Assert.Equal($"error {NodeExists}", await CreatedAsync(client, "/p/q"));
        var before = await StatAsync(client);

        // What the log says is understood alike.
        await server.StopAsync();
        await server.StartAsync();
        using var later = await WireClient.OpenAsync(server.Port);
        Assert.Equal(before, await StatAsync(later));
        Assert.Equal($"error {NodeExists}", await CreatedAsync(later, "/p/n"));
        Assert.Equal("/p/o2147483647", await CreatedAsync(later, "/p/o"));
    }

    private static async Task<string> CreatedAsync(WireClient client, string path)
    {
        var reply = await client.CreateAsync(path, [], Sequential);
        return reply.Error == 0 ? new JuteParser(reply.Body.Span).String() : $"error {reply.Error}";
    }

    private static JuteBuilder Part(JuteBuilder body, string path) =>
        body.Int(1).Bool(false).Int(-1).String(path).Buffer([]).OpenAcl().Int(Sequential);

    private static JuteBuilder End(JuteBuilder body) => body.Int(-1).Bool(true).Int(-1);

    private static string[] PathsOf(Reply reply)
    {
        var parser = new JuteParser(reply.Body.Span[9..]);
        var first = parser.String();
        parser = new JuteParser(reply.Body.Span[(9 + 4 + first.Length + 9)..]);
        return [first, parser.String()];
    }

    private static async Task<string> StatAsync(WireClient client) =>
        Convert.ToHexString((await client.CallAsync(3, body => body.String("/p").Bool(false))).Body.Span);

    // Two thousand million creations take long. The log tells with each what the parent's counter becomes: there it is changed.
    private static async Task RaiseCounterAsync(ServerProcess server, int counter)
    {
        using (var client = await WireClient.OpenAsync(server.Port))
        {
            Assert.Equal(0, (await client.CreateAsync("/p", [])).Error);
            Assert.Equal(0, (await client.CreateAsync("/p/first", [])).Error);
        }

        await server.StopAsync();
        var file = Directory.GetFiles(server.VersionDirectory, "log.*").Single();
        var log = await File.ReadAllBytesAsync(file, TestContext.Current.CancellationToken);
        Patch(log, counter);
        await File.WriteAllBytesAsync(file, log, TestContext.Current.CancellationToken);
        await server.StartAsync();
    }

    private static void Patch(byte[] log, int counter)
    {
        for (var at = 16; at + 12 < log.Length;)
        {
            // A checksum of eight bytes, a length, the transaction, which ends in the counter, and a mark.
            var length = BinaryPrimitives.ReadInt32BigEndian(log.AsSpan(at + 8));
            var txn = log.AsSpan(at + 12, length);
            if (txn.IndexOf(Encoding.ASCII.GetBytes("/p/first")) >= 0)
            {
                BinaryPrimitives.WriteInt32BigEndian(txn[^4..], counter);
                BinaryPrimitives.WriteInt64BigEndian(log.AsSpan(at), Adler32(txn));
                return;
            }

            at += 12 + length + 1;
        }

        Assert.Fail("the log does not have the creation");
    }

    private static long Adler32(ReadOnlySpan<byte> bytes)
    {
        var (a, b) = (1u, 0u);
        foreach (var one in bytes)
        {
            a = (a + one) % 65521;
            b = (b + a) % 65521;
        }

        return (b << 16) | a;
    }
}
