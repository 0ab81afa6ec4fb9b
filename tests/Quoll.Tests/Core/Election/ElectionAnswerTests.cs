using Quoll.Core;
using Quoll.Core.Election;
using Quoll.Tests.Core.Zab;

namespace Quoll.Tests.Core.Election;

/// <summary>The datagrams of <c>electionAlg=0</c>.</summary>
public sealed class ElectionAnswerTests
{
    private static readonly ElectionAnswer Answer = new(-7, 2, new Vote(3, Z.Of(2, 5), 4), ServerState.Following);

    [Fact]
    public void An_answer_has_the_28_bytes_that_Apaches_server_reads_and_then_state_and_epoch()
    {
        var buffer = new LaneBuffer();
        Answer.Write(buffer);

        Assert.Equal(new Bytes().Int(-7).Long(2).Long(3).Long(0x200000005).Int(1).Int(4).ToArray(), buffer.Written.ToArray());
        Assert.True(ElectionAnswer.TryRead(buffer.Written, out var read));
        Assert.Equal(Answer, read);
    }

    [Fact]
    public void An_answer_of_another_length_is_none()
    {
        var bytes = new byte[100];
        for (var length = 0; length <= bytes.Length; length++)
            Assert.Equal(length == 36, ElectionAnswer.TryRead(bytes.AsSpan(0, length), out _));
    }

    [Theory]
    [InlineData(ServerState.Looking, 2, 0, true)]
    [InlineData(ServerState.Looking, 3, 0, true)]
    [InlineData(ServerState.Leading, 2, 0, true)]
    [InlineData(ServerState.Leading, 3, 0, false)]      // who leads has itself as the leader
    [InlineData(ServerState.Following, 3, 0, true)]
    [InlineData(ServerState.Following, 2, 0, false)]    // and who follows has not
    [InlineData(ServerState.Observing, 3, 0, false)]    // who observes does not answer
    [InlineData((ServerState)4, 2, 0, false)]
    [InlineData((ServerState)(-1), 2, 0, false)]
    [InlineData(ServerState.Looking, 2, -1, false)]     // no epoch
    public void An_answer_that_nobody_can_have_meant_is_none(ServerState state, long leader, int epoch, bool isOne)
    {
        var bytes = new Bytes().Int(1).Long(2).Long(leader).Long(9).Int((int)state).Int(epoch).ToArray();

        Assert.Equal(isOne, ElectionAnswer.TryRead(bytes, out _));
    }

    [Fact]
    public void Random_bytes_are_read_or_refused_and_what_is_read_is_written_as_it_was()
    {
        var random = new Random(1);
        var read = 0;
        for (var i = 0; i < 100_000; i++)
        {
            var bytes = new byte[random.Next(8) == 0 ? random.Next(80) : 36];
            random.NextBytes(bytes);
            if (bytes.Length == 36 && random.Next(2) == 0)
                (bytes[28], bytes[29], bytes[30], bytes[31]) = (0, 0, 0, 0);
            if (!ElectionAnswer.TryRead(bytes, out var answer))
                continue;
            read++;
            var buffer = new LaneBuffer();
            answer.Write(buffer);
            Assert.Equal(bytes, buffer.Written.ToArray());
        }

        Assert.InRange(read, 1_000, 100_000);
    }
}
