using System.Text;
using Quoll.Core;
using Quoll.Core.Election;
using Quoll.Tests.Core.Zab;

namespace Quoll.Tests.Core.Election;

/// <summary>The messages of the election port, in the forms that servers since 3.3 have sent.</summary>
public sealed class NotificationTests
{
    private static readonly byte[] Config = Encoding.UTF8.GetBytes("server.1=h:1:2:participant\nversion=0");

    [Fact]
    public void A_message_of_today_has_44_bytes_and_the_configuration()
    {
        var buffer = new LaneBuffer();
        new Notification(ServerState.Leading, new Vote(3, Z.Of(2, 5), 4), 7, 2).Write(buffer, Config);

        var expected = new Bytes().Int(2).Long(3).Long(0x200000005).Long(7).Long(4).Int(2).Buffer(Config).ToArray();
        Assert.Equal(expected, buffer.Written.ToArray());
        Assert.Equal(44 + Config.Length, expected.Length);
    }

    [Fact]
    public void A_message_of_today_is_read()
    {
        Assert.True(Notification.TryRead(Of(ServerState.Following).Long(4).Int(2).Buffer(Config).ToArray(), out var read));

        Assert.Equal(new Notification(ServerState.Following, new Vote(3, Z.Of(2, 5), 4), 7, 2), read);
    }

    [Fact]
    public void One_of_28_bytes_has_the_epoch_of_its_zxid()
    {
        Assert.True(Notification.TryRead(Of(ServerState.Looking).ToArray(), out var read));

        Assert.Equal(new Notification(ServerState.Looking, new Vote(3, Z.Of(2, 5), 2), 7, 0), read);
    }

    [Fact]
    public void One_of_40_bytes_is_of_version_0_whatever_it_says()
    {
        Assert.True(Notification.TryRead(Of(ServerState.Looking).Long(4).Int(1).ToArray(), out var read));

        Assert.Equal(new Notification(ServerState.Looking, new Vote(3, Z.Of(2, 5), 4), 7, 0), read);
    }

    [Fact]
    public void A_longer_one_of_version_1_has_no_configuration()
    {
        Assert.True(Notification.TryRead(Of(ServerState.Looking).Long(4).Int(1).Raw([0]).ToArray(), out var read));

        Assert.Equal(1, read.Version);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(4)]
    [InlineData(27)]
    [InlineData(29)]
    [InlineData(36)]
    [InlineData(39)]
    public void ZOOKEEPER_3769_one_that_is_too_short_is_dropped(int length)
    {
        var whole = Of(ServerState.Looking).Long(4).Int(2).Buffer(Config).ToArray();

        Assert.False(Notification.TryRead(whole.AsSpan(0, length), out _));
    }

    [Theory]
    [InlineData(-1)]
    [InlineData(0)]
    [InlineData(100)]
    [InlineData(int.MaxValue)]
    public void ZOOKEEPER_3769_one_whose_configuration_is_not_whole_is_dropped(int length)
    {
        Assert.False(Notification.TryRead(Of(ServerState.Looking).Long(4).Int(2).Int(length).Raw(Config).ToArray(), out _));
    }

    [Theory]
    [InlineData(-1)]
    [InlineData(4)]
    public void One_of_an_unknown_state_is_dropped(int state)
    {
        Assert.False(Notification.TryRead(Of((ServerState)state).Long(4).Int(2).Buffer(Config).ToArray(), out _));
    }

    [Fact]
    public void Half_a_message_at_every_length_never_throws()
    {
        var whole = Of(ServerState.Looking).Long(4).Int(2).Buffer(Config).ToArray();

        for (var length = 0; length <= whole.Length; length++)
            Assert.Equal(length is 28 or 40 || length == whole.Length, Notification.TryRead(whole.AsSpan(0, length), out _));
    }

    private static Bytes Of(ServerState state) => new Bytes().Int((int)state).Long(3).Long(Z.Of(2, 5).Value).Long(7);
}
