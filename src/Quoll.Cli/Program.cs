using Quoll.Cli;

return await ServeCommand.Root().Parse(args).InvokeAsync();
