using Quoll.Cli;

SocketSettings.Apply();
using var signals = new EndSignals();
return await QuollCommand.RunAsync(QuollCommand.Create(signals), args, signals.Stop);
