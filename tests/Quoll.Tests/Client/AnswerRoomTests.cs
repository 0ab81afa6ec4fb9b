using System.Buffers;
using System.Buffers.Binary;
using Quoll.Client;
using Quoll.Client.Requests;
using Quoll.Client.Session;
using Quoll.Protocol.Jute;
using Quoll.Protocol.Records;

namespace Quoll.Tests.Client;

/// <summary>How much is read for callers who do not go on.</summary>
public sealed class AnswerRoomTests
{
    private const int Reads = 30;
    private const int Size = 1 << 20;

    [Fact]
    public async Task What_callers_do_not_take_is_not_read_and_comes_when_they_do()
    {
        var server = new ScriptedStream();
        var (work, callers, answers) = Begin(server);

        RunAll(work);
        Assert.InRange(callers.Count, AnswerRoom.Most / Size - 1, AnswerRoom.Most / Size + 1);
        Assert.InRange(server.Taken, AnswerRoom.Most, AnswerRoom.Most + (4 * Size));
        while (callers.TryDequeue(out var caller))
        {
            caller.Execute();
            RunAll(work);
        }

        Assert.Equal(Reads, answers.Count(answer => answer.IsCompletedSuccessfully));
        foreach (var answer in answers)
            Assert.Equal(Size, (await answer).Data.Length);
    }

    [Fact]
    public void A_server_that_always_has_more_to_say_does_not_keep_the_thread()
    {
        var server = new ScriptedStream();
        var (work, _, _) = Begin(server);
        while (work.TryDequeue(out var item))
        {
            var before = server.Taken;
            item.Execute();
            Assert.InRange(server.Taken - before, 0, 3 * Size);
        }

        Assert.InRange(server.Taken, AnswerRoom.Most, long.MaxValue);
    }

    private static (Queue<IThreadPoolWorkItem> Work, Queue<IThreadPoolWorkItem> Callers, List<Task<Znode>> Answers) Begin(
        ScriptedStream server)
    {
        var work = new Queue<IThreadPoolWorkItem>();
        var callers = new Queue<IThreadPoolWorkItem>();
        server.Say(Greeting());
        for (var xid = 1; xid <= Reads; xid++)
            server.Say(Answer(xid));
        var client = new ZooKeeperClient(new ZooKeeperClientOptions
        {
            ConnectionString = "a",
            Connect = (_, _, _) => ValueTask.FromResult<Stream>(server),
            Schedule = item => (item is GetRequest ? callers : work).Enqueue(item),
        });
        var answers = Enumerable.Range(0, Reads)
            .Select(_ => client.GetAsync("/large", TestContext.Current.CancellationToken).AsTask())
            .ToList();
        return (work, callers, answers);
    }

    private static void RunAll(Queue<IThreadPoolWorkItem> work)
    {
        while (work.TryDequeue(out var item))
            item.Execute();
    }

    private static byte[] Greeting() => Frame((ref JuteWriter writer) =>
    {
        writer.Write(new ConnectResponse(0, 30_000, 1, new byte[16]));
        writer.WriteBool(false);
    });

    private static byte[] Answer(int xid) => Frame((ref JuteWriter writer) =>
    {
        writer.Write(new ReplyHeader(xid, 1, 0));
        writer.Write(new GetDataResponse(new byte[Size], default));
    });

    private delegate void Body(ref JuteWriter writer);

    private static byte[] Frame(Body body)
    {
        var bytes = new ArrayBufferWriter<byte>();
        var writer = new JuteWriter(bytes);
        writer.WriteInt(0);
        body(ref writer);
        writer.Commit();
        var frame = bytes.WrittenSpan.ToArray();
        BinaryPrimitives.WriteInt32BigEndian(frame, frame.Length - 4);
        return frame;
    }

    /// <summary>A server that has said all it will say, whatever it is sent.</summary>
    private sealed class ScriptedStream : Stream
    {
        private readonly MemoryStream _script = new();

        public long Taken { get; private set; }

        public override bool CanRead => true;

        public override bool CanSeek => false;

        public override bool CanWrite => true;

        public override long Length => throw new NotSupportedException();

        public override long Position
        {
            get => throw new NotSupportedException();
            set => throw new NotSupportedException();
        }

        public void Say(byte[] bytes) => _script.Write(bytes);

        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            if (Taken == _script.Length)
                return new(new TaskCompletionSource<int>().Task.WaitAsync(cancellationToken));
            _script.Position = Taken;
            var count = _script.Read(buffer.Span);
            Taken += count;
            return new(count);
        }

        public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default) => default;

        public override void Flush()
        {
        }

        public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
    }
}
