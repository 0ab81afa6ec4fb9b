using Quoll.Interop.Clients;
using Quoll.Interop.Recipes;
using Quoll.Interop.Servers;

namespace Quoll.Interop.Samples;

/// <summary>A sample's program, as the build left it, in a process of its own.</summary>
internal static class SampleProgram
{
    /// <summary>Short, so that tests need not wait long for the dead to be missed.</summary>
    public static readonly TimeSpan SessionTimeout = TimeSpan.FromSeconds(2);

    /// <summary>Starts it in a role, on servers of this kind, below a znode that nobody else uses.</summary>
    public static ClientProgram Start(string sample, string connectionString, string role, params string[] arguments) =>
        ClientProgram.Start(
            Built(sample),
            [role, .. arguments, "--attended", "--connect", connectionString, "--session-timeout", $"{SessionTimeout.TotalSeconds}"]);

    /// <summary>Starts what runs when no role is named, on servers of its own.</summary>
    public static ClientProgram Start(string sample) =>
        ClientProgram.Start(Built(sample), "--attended");

    /// <summary>Starts what runs when no role is named, as a user does: it ends when it is told to by a signal.</summary>
    public static ClientProgram StartDemonstration(string sample, string? connectionString = null) =>
        ClientProgram.Start(Built(sample), connectionString is null ? [] : ["--connect", connectionString]);

    /// <summary>Servers of this kind, and a znode for one test alone.</summary>
    public static async Task<string> ServersAsync(this RecipeServers servers, ServerKind kind) =>
        await servers.AddressesAsync(kind) + await servers.CreateRootAsync(kind, "sample");

    private static string Built(string sample) => Path.Combine(AppContext.BaseDirectory, "../..", sample, "release", sample);
}
