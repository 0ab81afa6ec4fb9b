using Quoll.Client;
using Quoll.Client.Requests;
using Quoll.Protocol;
using Quoll.Protocol.Jute;
using Quoll.Protocol.Records;

namespace Quoll.Tests.Client;

/// <summary>A client's session, step by step.</summary>
public sealed class SessionMachineTests
{
    private readonly MachineDriver _driver = new();

    [Fact]
    public void Requests_wait_for_the_session_and_go_in_the_order_of_the_calls()
    {
        _driver.Submit(Get("/a"));
        _driver.Submit(Set("/b"));
        Assert.Empty(_driver.Sent);

        _driver.Open();
        Assert.Equal(0, SessionAskedFor());
        _driver.Greet();

        Assert.Equal(ConnectionState.Connected, _driver.Machine.State);
        Assert.Equal(new RequestHeader(1, (int)OpCode.GetData), _driver.Next());
        Assert.Equal(new RequestHeader(2, (int)OpCode.SetData), _driver.Next());
    }

    [Fact]
    public void What_is_answered_out_of_order_is_no_answer()
    {
        _driver.Connect();
        _driver.Submit(Get("/a"));
        _driver.Submit(Get("/b"));

        _driver.Answer(2, body: Znode);

        Assert.True(_driver.Dropped);
        Assert.Equal(ConnectionState.Suspended, _driver.Machine.State);
    }

    [Fact]
    public async Task When_a_change_is_lost_those_behind_it_are_not_made_and_reads_behind_it_are_made_again()
    {
        _driver.Connect();
        var before = _driver.Submit(Get("/before"));
        var lost = _driver.Submit(Set("/lost"));
        var behind = _driver.Submit(Get("/behind"));
        _driver.Lose();
        _driver.Run();

        Assert.Equal(RequestOutcome.Unknown, (await Assert.ThrowsAsync<ConnectionLossException>(async () => await before.Certain)).Outcome);
        Assert.Equal(RequestOutcome.Unknown, (await Assert.ThrowsAsync<ConnectionLossException>(async () => await lost.Certain)).Outcome);
        _driver.Connect();
        Assert.Equal(OpCode.GetData, (OpCode)_driver.Next().Type);
        Assert.Empty(_driver.Sent);
        _driver.Answer(4, body: Znode).Run();
        Assert.Equal("z"u8.ToArray(), (await behind.Certain).Data);
    }

    [Fact]
    public void Changes_that_wait_for_a_connection_are_made_when_there_is_one()
    {
        _driver.Connect();
        _driver.Lose();
        _driver.Submit(Set("/a"));

        _driver.Connect();

        Assert.Equal(OpCode.SetData, (OpCode)_driver.Next().Type);
    }

    [Fact]
    public async Task A_session_that_the_server_does_not_know_has_ended_with_all_that_belongs_to_it()
    {
        _driver.Connect();
        var session = _driver.Machine.Session!;
        _driver.Lose();
        var request = _driver.Submit(Set("/a"));
        while (_driver.Dialed is null)
            _driver.Pass(0.05);

        _driver.Open().Greet(session: 0, timeout: 0).Run();

        Assert.True(session.Ended.IsCancellationRequested);
        Assert.True(session.Lease.IsCancellationRequested);
        var ended = await Assert.ThrowsAsync<SessionExpiredException>(async () => await request.Certain);
        Assert.Equal(RequestOutcome.NotSent, ended.Outcome);
        _driver.Connect(session: 5);
        Assert.Equal(5, _driver.Machine.Session!.Id);
    }

    /// <summary>ClickHouse 116690: a server that gives another session than the one asked for.</summary>
    [Fact]
    public void Another_session_than_the_one_asked_for_means_that_one_has_ended_ClickHouse_116690()
    {
        _driver.Connect();
        var session = _driver.Machine.Session!;
        _driver.Lose();

        _driver.Connect(session: 99).Run();

        Assert.True(session.Ended.IsCancellationRequested);
        Assert.Equal(99, _driver.Machine.Session!.Id);
    }

    [Fact]
    public void A_session_ends_by_itself_when_no_server_is_reached_for_too_long_ZOOKEEPER_4508()
    {
        _driver.Connect();
        var session = _driver.Machine.Session!;
        _driver.Lose();

        _driver.Pass(11.9).Run();
        Assert.False(session.Ended.IsCancellationRequested);
        _driver.Pass(0.2).Run();

        Assert.True(session.Ended.IsCancellationRequested);
        Assert.Null(_driver.Machine.Session);
    }

    [Fact]
    public void A_session_that_ends_while_a_server_is_asked_for_it_is_not_taken_up_again()
    {
        var driver = new MachineDriver(options => options with { MaxReconnectDelay = options.ReconnectDelay });
        driver.Connect();
        var session = driver.Machine.Session!;
        driver.Lose();
        while (!session.Ended.IsCancellationRequested)
        {
            if (driver.Dialed is not null)
                driver.Open();
            driver.Pass(0.01).Run();
        }

        Assert.True(driver.Dropped);
        driver.Greet();
        Assert.Null(driver.Machine.Session);
        while (driver.Dialed is null)
            driver.Pass(0.01);
        driver.Open();
        var reader = new JuteReader(driver.Sent.Dequeue());
        Assert.Equal(0, ConnectRequest.Read(ref reader).SessionId);
    }

    [Fact]
    public void The_lease_runs_out_a_margin_before_the_server_may_end_the_session_and_begins_anew_when_it_did_not()
    {
        _driver.Connect();
        var session = _driver.Machine.Session!;
        var lease = session.Lease;
        _driver.Lose();

        _driver.Pass(6.9).Run();
        Assert.False(lease.IsCancellationRequested);
        _driver.Pass(0.2).Run();
        Assert.True(lease.IsCancellationRequested);
        Assert.False(session.Ended.IsCancellationRequested);

        _driver.Connect().Run();
        Assert.False(session.Lease.IsCancellationRequested);
        Assert.True(session.LeaseRemaining > TimeSpan.FromSeconds(6));
    }

    [Fact]
    public void A_silent_client_gives_signs_of_life_and_a_silent_server_is_left()
    {
        _driver.Connect();
        _driver.Pass(3.1);
        Assert.Equal(new RequestHeader(ReservedXid.Ping, (int)OpCode.Ping), _driver.Next());
        _driver.Answer(ReservedXid.Ping);

        _driver.Pass(5.9);
        Assert.False(_driver.Dropped);
        _driver.Pass(0.2);

        Assert.True(_driver.Dropped);
    }

    [Fact]
    public async Task A_request_that_takes_too_long_fails_and_the_answer_that_comes_late_is_not_anothers()
    {
        var driver = new MachineDriver(options => options with { RequestTimeout = TimeSpan.FromSeconds(2) });
        driver.Connect();
        var slow = driver.Submit(Get("/slow"));
        driver.Pass(2.1).Run();
        Assert.Equal(
            RequestOutcome.Unknown, (await Assert.ThrowsAsync<RequestTimeoutException>(async () => await slow.Certain)).Outcome);

        var next = driver.Submit(Get("/next"));
        driver.Answer(1, body: Znode);
        Assert.Empty(driver.Woken);
        driver.Answer(2, body: Znode).Run();

        Assert.Equal("z"u8.ToArray(), (await next.Certain).Data);
    }

    [Fact]
    public async Task A_request_that_nobody_wants_any_more_is_not_sent()
    {
        var unwanted = _driver.Submit(Set("/a"));
        var wanted = _driver.Submit(Get("/b"));
        _driver.Step(machine => machine.Cancel(unwanted, new CancellationToken(true))).Run();

        _driver.Connect();

        Assert.Equal(OpCode.GetData, (OpCode)_driver.Next().Type);
        var canceled = await Assert.ThrowsAsync<RequestCanceledException>(async () => await unwanted.Certain);
        Assert.Equal(RequestOutcome.NotSent, canceled.Outcome);
        Assert.False(wanted.IsDone);
    }

    [Fact]
    public async Task More_requests_than_may_be_pending_are_refused_at_once()
    {
        var driver = new MachineDriver(options => options with { MaxPendingRequests = 1 });
        driver.Submit(Get("/a"));

        var refused = driver.Submit(Get("/b"));
        driver.Run();

        Assert.Equal(ErrorCode.ThrottledOp, (await Assert.ThrowsAsync<ZooKeeperException>(async () => await refused.Certain)).Error);
    }

    [Fact]
    public async Task Refused_credentials_end_the_client()
    {
        _driver.Connect();
        var request = _driver.Submit(Get("/a"));

        _driver.Answer(ReservedXid.Auth, error: ErrorCode.AuthFailed).Run();

        Assert.Equal(ConnectionState.AuthenticationFailed, _driver.Machine.State);
        await Assert.ThrowsAsync<NoAuthException>(async () => await request.Certain);
        Assert.True(_driver.Dropped);
    }

    [Fact]
    public void Farewell_comes_after_all_that_was_asked_before()
    {
        _driver.Connect();
        _driver.Submit(Get("/a"));
        var farewell = new CloseRequest();

        _driver.Step(machine => Assert.True(machine.Close(farewell)));

        Assert.Equal(OpCode.GetData, (OpCode)_driver.Next().Type);
        Assert.Equal(OpCode.CloseSession, (OpCode)_driver.Next().Type);
        _driver.Answer(1, body: Znode).Answer(2);
        Assert.Equal(ConnectionState.Closed, _driver.Machine.State);
    }

    private static GetRequest Get(string path) => new("", path);

    private static SetRequest Set(string path) => new("", path, "new"u8.ToArray(), -1);

    private static void Znode(ref JuteWriter writer) => writer.Write(new GetDataResponse("z"u8, default));

    private long SessionAskedFor()
    {
        var reader = new JuteReader(_driver.Sent.Dequeue());
        return ConnectRequest.Read(ref reader).SessionId;
    }
}
