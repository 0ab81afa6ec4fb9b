using System.CommandLine;
using Quoll.Cli;

SocketSettings.Apply();

// The server ends by itself, and in order, when it is told to stop.
var configuration = new InvocationConfiguration { ProcessTerminationTimeout = null };
return await QuollCommand.RunAsync(QuollCommand.Create(), args, configuration, CancellationToken.None);
