using Quoll.Protocol;

namespace Quoll.Tests.Protocol;

public class ZxidTests
{
    [Theory]
    [InlineData(0L, 0, 0u, "0x0")]
    [InlineData(1L, 0, 1u, "0x1")]
    [InlineData(0x1_0000_0001, 1, 1u, "0x100000001")]
    [InlineData(0x7_FFFF_FFFF, 7, 0xFFFFFFFFu, "0x7ffffffff")]
    [InlineData(long.MaxValue, int.MaxValue, 0xFFFFFFFFu, "0x7fffffffffffffff")]
    [InlineData(-1L, -1, 0xFFFFFFFFu, "0xffffffffffffffff")]
    public void A_zxid_is_an_epoch_and_a_counter(long value, int epoch, uint counter, string text)
    {
        var zxid = new Zxid(value);

        Assert.Equal((epoch, counter, text), (zxid.Epoch, zxid.Counter, zxid.ToString()));
    }

    [Fact]
    public void Zxids_are_ordered_by_epoch_and_then_by_counter()
    {
        var sorted = new Zxid[] { new(-1), new(0), new(1), new(0xFFFFFFFF), new(0x1_0000_0000), new(0x1_0000_0001), new(0x2_0000_0000) };
        for (var i = 0; i < sorted.Length; i++)
        {
            for (var j = 0; j < sorted.Length; j++)
            {
                Assert.Equal(i < j, sorted[i] < sorted[j]);
                Assert.Equal(i <= j, sorted[i] <= sorted[j]);
                Assert.Equal(i > j, sorted[i] > sorted[j]);
                Assert.Equal(i >= j, sorted[i] >= sorted[j]);
                Assert.Equal(Math.Sign(i - j), Math.Sign(sorted[i].CompareTo(sorted[j])));
            }
        }
    }

    [Fact]
    public void The_next_zxid_is_one_more() => Assert.Equal(new Zxid(0x1_0000_0002), new Zxid(0x1_0000_0001).Next);
}
