using System.Buffers.Binary;
using Quoll.Client;

namespace Quoll.Recipes;

/// <summary>A number that many count with. Nothing is counted twice, also when answers are lost, and nothing is left out.</summary>
/// <remarks>
/// The value is a <see cref="SharedValue"/>, and its promises are the counter's. It is written in eight bytes, the highest first, as
/// Curator's <c>DistributedAtomicLong</c> has it, which can count at the same path. Everybody who counts at the same moment but one has to
/// try again: some hundred changes a second is what one counter can take.
/// </remarks>
public sealed class DistributedCounter
{
    private readonly ZooKeeperClient _client;
    private readonly string _path;
    private readonly SharedValue _value;

    /// <param name="client">Whose session is used.</param>
    /// <param name="path">The znode; it is made, and all above it, if it is not there.</param>
    public DistributedCounter(ZooKeeperClient client, string path)
    {
        (_client, _path) = (client, path);
        _value = new SharedValue(client, path, new byte[sizeof(long)]);
    }

    /// <summary>The number, as the server that the client is with knows it.</summary>
    /// <exception cref="InvalidDataException">What is in the znode is no number of eight bytes.</exception>
    public async ValueTask<long> GetAsync(CancellationToken cancellationToken = default) =>
        Decode((await _value.GetAsync(cancellationToken).ConfigureAwait(false)).Data);

    /// <summary>Adds, or subtracts if <paramref name="amount"/> is below zero; the sum.</summary>
    /// <exception cref="OverflowException">The sum is no <see cref="long"/>; nothing was changed.</exception>
    /// <exception cref="SessionExpiredException">The session ended; whether it was added, <c>Outcome</c> says.</exception>
    /// <exception cref="OperationCanceledException">The caller gave up; it may have been added, or not.</exception>
    /// <inheritdoc cref="GetAsync" path="/exception"/>
    public async ValueTask<long> AddAsync(long amount, CancellationToken cancellationToken = default) =>
        Decode(await _value.UpdateAsync(data => Encode(checked(Decode(data) + amount)), cancellationToken).ConfigureAwait(false));

    /// <summary>Sets the number to <paramref name="value"/> if it is <paramref name="comparand"/>.</summary>
    /// <returns>What it was; the comparand if and only if it was set.</returns>
    /// <inheritdoc cref="AddAsync" path="/exception[@cref!='OverflowException']"/>
    public async ValueTask<long> CompareExchangeAsync(long value, long comparand, CancellationToken cancellationToken = default)
    {
        var isFresh = false;
        for (var round = 0; ; round++)
        {
            var (data, stat) = await _value.GetAsync(cancellationToken).ConfigureAwait(false);
            var was = Decode(data);
            if (was == comparand)
            {
                if (await _value.TrySetAsync(Encode(value), stat.Version, cancellationToken).ConfigureAwait(false))
                    return was;
                await BackOff.PauseAsync(_client, round, cancellationToken).ConfigureAwait(false);
            }
            else if (isFresh)
            {
                return was;
            }

            // A server that is behind has no say in it.
            await _client.SyncAsync(_path, cancellationToken).ConfigureAwait(false);
            isFresh = true;
        }
    }

    internal static ReadOnlyMemory<byte> Encode(long value)
    {
        var data = new byte[sizeof(long)];
        BinaryPrimitives.WriteInt64BigEndian(data, value);
        return data;
    }

    internal static long Decode(ReadOnlyMemory<byte> data) => data.Length switch
    {
        0 => 0,
        sizeof(long) => BinaryPrimitives.ReadInt64BigEndian(data.Span),
        _ => throw new InvalidDataException($"A counter has eight bytes, but there are {data.Length}: it is something else."),
    };
}
