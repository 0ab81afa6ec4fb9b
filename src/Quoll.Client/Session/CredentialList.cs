using System.Buffers;
using Quoll.Client.Requests;
using Quoll.Protocol;
using Quoll.Protocol.Jute;

namespace Quoll.Client.Session;

/// <summary>
/// Who the client is: every connection begins with all of them, and a server answers them in order, apart from all other requests. Whoever
/// adds one waits for the first answer to it.
/// </summary>
internal sealed class CredentialList(IEnumerable<Credential> credentials, List<IThreadPoolWorkItem> done)
{
    private readonly List<(Credential Credential, AddAuthRequest? Waits)> _all = [.. credentials.Select(c => (c, (AddAuthRequest?)null))];
    private int _answered;

    public void Add(AddAuthRequest request)
    {
        request.Xid = ReservedXid.Auth;
        _all.Add((request.Credential, request));
    }

    public static void Write(ArrayBufferWriter<byte> output, AddAuthRequest request) =>
        RequestQueue.Frame(output, ReservedXid.Auth, OpCode.Auth, request);

    public void WriteAll(ArrayBufferWriter<byte> output)
    {
        _answered = 0;
        foreach (var (credential, _) in _all)
            Write(output, new AddAuthRequest(credential));
    }

    /// <summary>A server has taken the next of them.</summary>
    public void OnTaken(ServerAddress server)
    {
        if (_answered == _all.Count)
            return;
        var (credential, request) = _all[_answered];
        _all[_answered++] = (credential, null);
        if (request is null || request.IsDone)
            return;
        var nothing = new JuteReader();
        request.Answer(ErrorCode.Ok, ref nothing, server);
        done.Add(request);
    }

    /// <summary>When the first of those who wait will have waited too long.</summary>
    public TimeSpan NextDeadline
    {
        get
        {
            var next = TimeSpan.MaxValue;
            foreach (var (_, request) in _all)
            {
                if (request is { IsDone: false } && request.Deadline < next)
                    next = request.Deadline;
            }

            return next;
        }
    }

    public void Expire(TimeSpan now) =>
        Fail(request => request.Deadline <= now, new Failure(ErrorCode.RequestTimeout, RequestOutcome.Unknown, null, "no answer in time"));

    public void FailAll(ErrorCode error, string? server, string why) =>
        Fail(_ => true, new Failure(error, RequestOutcome.Unknown, server, why));

    private void Fail(Func<AddAuthRequest, bool> which, Failure failure)
    {
        foreach (var (_, request) in _all)
        {
            if (request is not { IsDone: false } || !which(request))
                continue;
            request.Fail(failure);
            done.Add(request);
        }
    }
}
