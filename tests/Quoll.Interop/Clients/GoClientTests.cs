using Quoll.Interop.Servers;

namespace Quoll.Interop.Clients;

/// <summary>The client of the Go world.</summary>
public sealed class GoClientTests
{
    [Theory, EachServer]
    public async Task A_Go_program_does_its_work_and_keeps_its_session_over_a_restart(ServerKind kind)
    {
        using var directory = new TempDirectory();
        await CompilerRun.GoAsync(ClientProgram.Source("go", "interop.go"), directory.File("interop"));
        await using var server = await ServerProcess.StartAsync(kind);
        using var client = ClientProgram.Start(directory.File("interop"), server.Address);

        await client.ExpectAsync("ready-for-restart");
        await server.RestartUnderAsync(client);

        await client.FinishWithStepsAsync(
            "kinds", "errors", "watches", "acls", "transactions", "lock", "session", "watches-kept", "close");
    }
}
