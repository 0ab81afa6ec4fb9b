using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using Quoll.Client;

namespace Quoll.Interop.Sessions;

/// <summary>Our client and Apache's server, with TLS between them. (Quoll's server has none.)</summary>
[Trait("server", "Apache")]
public sealed class TlsTests : IAsyncLifetime, IDisposable
{
    private readonly Authority _authority = new("ours");
    private readonly Authority _stranger = new("stranger");
    private readonly X509Certificate2 _certificate;
    private TlsServer? _server;

    public TlsTests() => _certificate = _authority.Sign("shop");

    public async ValueTask InitializeAsync() => _server = await TlsServer.StartAsync(_authority);

    public ValueTask DisposeAsync() => _server!.DisposeAsync();

    public void Dispose()
    {
        _certificate.Dispose();
        _authority.Dispose();
        _stranger.Dispose();
    }

    [Fact]
    public async Task Certificates_that_both_sides_trust_begin_a_session_and_all_others_are_refused_by_a_word_that_says_why()
    {
        await ServedAsync();
        using var foreign = _stranger.Sign("shop");
        await Task.WhenAll(
            RefusedAsync(TlsServer.Host, _stranger.Trusted(_certificate), "PartialChain", "UntrustedRoot"),
            RefusedAsync("127.0.0.1", _authority.Trusted(_certificate), "RemoteCertificateNameMismatch"),
            RefusedAsync(TlsServer.Host, _authority.Trusted(null)),
            RefusedAsync(TlsServer.Host, _authority.Trusted(foreign)));
    }

    private async Task ServedAsync()
    {
        await using var client = await ZooKeeperClient.ConnectAsync(Options(TlsServer.Host, _authority.Trusted(_certificate)));
        await client.CreateAsync("/secret", new byte[100_000], new CreateOptions { Acl = AclEntry.Creator });
        Assert.Equal(100_000, (await client.GetAsync("/secret")).Data.Length);
        Assert.Contains(await client.WhoAmIAsync(), identity => identity is { Scheme: "x509", User: "CN=shop" });
        Assert.Contains((await client.GetAclAsync("/secret")).Entries, entry => entry is { Scheme: "x509", Id: "CN=shop" });
    }

    private async Task RefusedAsync(string host, Func<SslClientAuthenticationOptions> tls, params string[] reasons)
    {
        var refusal = await Assert.ThrowsAsync<ConnectionLossException>(
            async () => await ZooKeeperClient.ConnectAsync(Options(host, tls) with { RequestTimeout = TimeSpan.FromSeconds(1) }));
        Assert.Equal(RequestOutcome.NotSent, refusal.Outcome);
        if (reasons.Length > 0)
            Assert.Contains(reasons, reason => refusal.Message.Contains(reason, StringComparison.Ordinal));
    }

    private ZooKeeperClientOptions Options(string host, Func<SslClientAuthenticationOptions> tls) => new()
    {
        ConnectionString = $"{host}:{_server!.Port}",
        Tls = tls,
    };
}
