using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Quoll.Server.Clients;

/// <summary>Kestrel's socket transport with our buffers, which it takes from a web application's services only.</summary>
internal static class KestrelSockets
{
    public static IConnectionListenerFactory Create(ILoggerFactory loggers, Action<SocketTransportOptions> configure)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseSockets(configure);
        builder.Services.AddSingleton(loggers);
        builder.Services.AddSingleton<IMemoryPoolFactory<byte>>(new SocketBufferPool());
        return builder.Services.BuildServiceProvider().GetRequiredService<IConnectionListenerFactory>();
    }
}
