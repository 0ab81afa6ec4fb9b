using System.Security.Cryptography.X509Certificates;
using Quoll.Interop.Servers;

namespace Quoll.Interop.Sessions;

/// <summary>Apache's server behind TLS, which asks its clients for certificates.</summary>
internal sealed class TlsServer : IAsyncDisposable
{
    public const string Host = "localhost";
    private readonly TempDirectory _home = new();
    private ServerProcess? _server;

    public int Port { get; } = LoopbackPorts.Free();

    public static async Task<TlsServer> StartAsync(Authority authority)
    {
        var tls = new TlsServer();
        try
        {
            await tls.BeginAsync(authority);
            return tls;
        }
        catch
        {
            await tls.DisposeAsync();
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (_server is not null)
            await _server.DisposeAsync();
        _home.Dispose();
    }

    private async Task BeginAsync(Authority authority)
    {
        using var certificate = authority.Sign("server", Host);
        using var key = certificate.GetECDsaPrivateKey()!;
        var (own, trusted) = (_home.File("server.pem"), _home.File("trusted.pem"));
        await File.WriteAllTextAsync(own, key.ExportPkcs8PrivateKeyPem() + "\n" + certificate.ExportCertificatePem() + "\n");
        await File.WriteAllTextAsync(trusted, authority.Pem + "\n");
        _server = await ServerProcess.StartAsync(
            ServerKind.Apache,
            "serverCnxnFactory=org.apache.zookeeper.server.NettyServerCnxnFactory",
            "authProvider.x509=org.apache.zookeeper.server.auth.X509AuthenticationProvider",
            $"secureClientPort={Port}",
            "secureClientPortAddress=127.0.0.1",
            $"ssl.keyStore.location={own}",
            $"ssl.trustStore.location={trusted}",
            "ssl.clientAuth=need");
    }
}
