using System.Buffers.Binary;
using Quoll.Simulator.Clients;

namespace Quoll.Simulator.Programs;

/// <summary>A connection of the simulated network as the stream of bytes that a client expects. Frames are cut on the way, since servers
/// take frames.</summary>
internal sealed class SimStream : Stream, ISimClient
{
    private readonly SimProcess _process;
    private readonly SimConnection _connection;
    private readonly List<byte> _sent = [];
    private readonly Queue<byte> _received = new();
    private TaskCompletionSource? _reader;
    private bool _greeted;
    private bool _ended;

    public SimStream(Simulation simulation, SimServer server, SimProcess process)
    {
        _process = process;
        _connection = new SimConnection(simulation, server, this);
    }

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => true;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    /// <summary>It breaks: both sides learn of it.</summary>
    public void Break()
    {
        _connection.Close();
        End();
    }

    void ISimClient.OnFrame(byte[] frame) => _process.Do(() =>
    {
        if (_process.LosesFrame())
        {
            Break();
            return;
        }

        Span<byte> length = stackalloc byte[4];
        BinaryPrimitives.WriteInt32BigEndian(length, frame.Length);
        foreach (var part in length)
            _received.Enqueue(part);
        foreach (var part in frame)
            _received.Enqueue(part);
        Wake();
    });

    void ISimClient.OnLost(SimConnection connection) => _process.Do(End);

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        while (_received.Count == 0)
        {
            if (_ended)
                return 0;
            _reader = new TaskCompletionSource();
            using var registration = cancellationToken.UnsafeRegister(_ => _reader?.TrySetCanceled(cancellationToken), null);
            await _reader.Task.ConfigureAwait(false);
        }

        var count = Math.Min(buffer.Length, _received.Count);
        for (var i = 0; i < count; i++)
            buffer.Span[i] = _received.Dequeue();
        return count;
    }

    public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (_ended)
            throw new IOException("the connection is broken");
        _sent.AddRange(buffer.Span);
        while (_sent.Count >= 4 && Length32() is var length && _sent.Count - 4 >= length)
        {
            var frame = _sent.GetRange(4, length).ToArray();
            _sent.RemoveRange(0, 4 + length);
            if (_greeted)
                _connection.Send(frame, _ => { });
            else
                _connection.Connect(frame);
            _greeted = true;
        }

        return ValueTask.CompletedTask;
    }

    public override void Flush()
    {
    }

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    protected override void Dispose(bool disposing)
    {
        Break();
        base.Dispose(disposing);
    }

    private int Length32() => BinaryPrimitives.ReadInt32BigEndian(System.Runtime.InteropServices.CollectionsMarshal.AsSpan(_sent));

    private void End()
    {
        _ended = true;
        _process.Forget(this);
        Wake();
    }

    private void Wake()
    {
        var reader = _reader;
        _reader = null;
        reader?.TrySetResult();
    }
}
