using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Quoll.Server.Clients;

/// <summary>Kestrel's socket transport with our buffers, which it takes from a web application's services only.</summary>
internal static class KestrelSockets
{
    public static IConnectionListenerFactory Create(ILoggerFactory loggers, Action<SocketTransportOptions> configure)
    {
        var services = new ServiceCollection();
        services.AddSingleton(loggers);
        services.AddSingleton<IMemoryPoolFactory<byte>>(new SocketBufferPool());
        new ServicesOnly(services).UseSockets(configure);
        return services.BuildServiceProvider().GetRequiredService<IConnectionListenerFactory>();
    }

    /// <summary>As much of a web application as the transport asks for; a whole one costs memory, and time at each start.</summary>
    private sealed class ServicesOnly(IServiceCollection services) : IWebHostBuilder
    {
        public IWebHostBuilder ConfigureServices(Action<IServiceCollection> configureServices)
        {
            configureServices(services);
            return this;
        }

        public IWebHostBuilder ConfigureServices(Action<WebHostBuilderContext, IServiceCollection> configureServices) =>
            throw new NotSupportedException();

        public IWebHostBuilder ConfigureAppConfiguration(Action<WebHostBuilderContext, IConfigurationBuilder> configureDelegate) =>
            throw new NotSupportedException();

        public string? GetSetting(string key) => throw new NotSupportedException();

        public IWebHostBuilder UseSetting(string key, string? value) => throw new NotSupportedException();

#pragma warning disable ASPDEPR008 // the interface has it
        public IWebHost Build() => throw new NotSupportedException();
#pragma warning restore ASPDEPR008
    }
}
